import type { CommandOutline, OptionOutline } from "./outline.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** The script that completes `s1bridge` in a shell. */
export function completionScript(shell: Shell, commands: readonly CommandOutline[]): string {
  return { bash, zsh, fish }[shell](commands);
}

function bash(commands: readonly CommandOutline[]): string {
  const rows = commands.map(({ path, words, options }) => {
    const all = [...words.map(({ word }) => word), ...options.flatMap(({ flags }) => flags)];
    return `    ${quote(path.join(" "))}) words=${quote(all.join(" "))} ;;`;
  });
  return `# bash completion for s1bridge, made by: s1bridge completion bash
_s1bridge() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
    ${patterns(commands)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$before" in
    ${valued(commands).join("|")}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
  esac
  case "$at" in
${rows.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o filenames -F _s1bridge s1bridge
`;
}

function zsh(commands: readonly CommandOutline[]): string {
  const rows = commands.map(({ path, words, options }) => {
    const described = [
      ...words.map(({ word, description }) => [word, description] as const),
      ...options.flatMap(({ flags, description }) => flags.map((flag) => [flag, description] as const)),
    ];
    const all = described.map(([word, description]) => quote(`${word}:${description.replaceAll(":", "\\:")}`));
    return `    (${quote(path.join(" "))}) found=(${all.join(" ")}) ;;`;
  });
  return `#compdef s1bridge
# made by: s1bridge completion zsh
_s1bridge() {
  local -a found
  local at="" word
  for word in \${words[2,CURRENT-1]}; do
    case "\${at:+$at }$word" in
    (${patterns(commands)}) at="\${at:+$at }$word" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
    (${valued(commands).join("|")}) _files; return ;;
  esac
  case "$at" in
${rows.join("\n")}
  esac
  _describe s1bridge found
}
if [ "$funcstack[1]" = _s1bridge ]; then _s1bridge "$@"; else compdef _s1bridge s1bridge; fi
`;
}

function fish(commands: readonly CommandOutline[]): string {
  const lines = commands.flatMap(({ path, words, options }) => {
    const inside = words.map(({ word }) => word).join(" ");
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = path.length === 0 ? "__fish_use_subcommand" : seen.join("; and ");
    const next = inside === "" || path.length === 0 ? here : `${here}; and not __fish_seen_subcommand_from ${inside}`;
    return [
      ...words.map(
        ({ word, description }) => `complete -c s1bridge -n ${quote(next)} -a ${word} -d ${quote(description)}`,
      ),
      ...options.map((option) => `complete -c s1bridge -n ${quote(here)} ${fishOption(option)}`),
    ];
  });
  return `# fish completion for s1bridge, made by: s1bridge completion fish\ncomplete -c s1bridge -f\n${lines.join("\n")}\n`;
}

function fishOption({ flags, description, takesValue }: OptionOutline): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return `${names.join(" ")}${takesValue ? " -r -F" : ""} -d ${quote(description)}`;
}

/** All commands as a pattern of `case`. */
function patterns(commands: readonly CommandOutline[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(path.join(" ")))
    .join("|");
}

function valued(commands: readonly CommandOutline[]): readonly string[] {
  const options = commands.flatMap((command) => command.options).filter(({ takesValue }) => takesValue);
  return [...new Set(options.flatMap(({ flags }) => flags))].sort();
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
