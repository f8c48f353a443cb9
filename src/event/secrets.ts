/**
 * Secrets of the API, at any depth: registration tokens, licence keys, passphrases, passwords, API tokens. Names decide,
 * because a value does not look like what it is.
 */
export const SECRET_WORDS = "token|license_?key|pass_?phrase|pass_?word|passwd|secret|api_?key|private_?key";

const SECRET_NAME = new RegExp(SECRET_WORDS, "i");

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
