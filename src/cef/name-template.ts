/**
 * Names of events with values in them: `New active threat - machine {dhost} || New active threat`.
 *
 * The alternatives are tried in order; the first wins whose every `{key}` has a value.
 */
export type NameTemplate = (valueOf: (key: string) => string | undefined) => string;

/** The ways to say it. In each, text and keys take turns. */
export function alternativesOf(template: string): readonly (readonly string[])[] {
  return template.split(" || ").map((alternative) => alternative.split(/[{}]/));
}

/** The last alternative must have no key in it. */
export function compileName(template: string): NameTemplate {
  const alternatives = alternativesOf(template);
  const last = alternatives.at(-1)?.[0] ?? "";
  if (alternatives.length === 1 && alternatives[0]?.length === 1) return () => last;
  return (valueOf) => {
    for (const parts of alternatives) {
      const name = fill(parts, valueOf);
      if (name !== undefined) return name;
    }
    return last;
  };
}

function fill(parts: readonly string[], valueOf: (key: string) => string | undefined): string | undefined {
  let name = parts[0] ?? "";
  for (let index = 1; index < parts.length; index += 2) {
    const value = valueOf(parts[index] ?? "");
    if (value === undefined) return undefined;
    name += value + (parts[index + 1] ?? "");
  }
  return name;
}
