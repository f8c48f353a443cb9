import * as z from "zod";
import { acrossKeys, expected, filePath, notes } from "../values.ts";

/** Where a secret is read from; it never stands in the configuration itself. */
export type SecretSource = { readonly file: string } | { readonly env: string };

const TOKEN_FORM = "{ file: PATH } or { env: NAME }";
const NO_INLINE_TOKEN = `the token never stands in the configuration: write ${TOKEN_FORM}`;

/** A token pasted as path or variable name would be repeated by every message about that path. */
function looksLikeToken(text: string): boolean {
  return /^eyJ[\w-]+\./.test(text) || /^[A-Za-z0-9_-]{65,}$/.test(text);
}

/** A token that is configured by the place where it stands: `what` is it called in messages and pages. */
export function secretSource(
  what: string,
  about: { readonly description: string; readonly example: SecretSource; readonly reread?: string },
) {
  const keys = z.strictObject(
    {
      file: filePath()
        .refine((text) => !looksLikeToken(text), NO_INLINE_TOKEN)
        .optional()
        .meta(
          notes({
            description: `File that holds ${what} and nothing else.${about.reread ?? ""}`,
            form: "path",
            fallback: "or `env`",
          }),
        ),
      env: z
        .string(expected("the name of an environment variable"))
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, expected("the name of an environment variable"))
        .refine((text) => !looksLikeToken(text), NO_INLINE_TOKEN)
        .optional()
        .meta(notes({ description: `Environment variable that holds ${what}.`, form: "name", fallback: "or `file`" })),
    },
    { error: (issue) => (issue.code === "invalid_type" && issue.input !== undefined ? NO_INLINE_TOKEN : undefined) },
  );
  return acrossKeys(keys, (sound, fault) => {
    if (sound.file !== undefined && sound.env !== undefined) fault([], `either file or env, not both`);
  })
    .refine(({ file, env }) => file !== undefined || env !== undefined, `expected ${TOKEN_FORM}`)
    .transform(({ file, env = "" }): SecretSource => (file === undefined ? { env } : { file }))
    .meta(
      notes({
        description: about.description,
        form: `\`${TOKEN_FORM}\``,
        example: about.example,
        secret: true,
      }),
    );
}
