import type { CommandOutline } from "./outline.ts";

export interface ManPageFacts {
  readonly version: string;
  /** As in 2026-01-31. */
  readonly date: string;
}

/** s1bridge(1), in the language of man. */
export function manPage(commands: readonly CommandOutline[], { version, date }: ManPageFacts): string {
  const [program, ...rest] = commands;
  if (program === undefined) return "";
  return [
    `.TH S1BRIDGE 1 "${date}" "s1bridge ${roff(version)}" "User Commands"`,
    `.SH NAME\ns1bridge \\- forwards what a SentinelOne console knows to a syslog collector`,
    `.SH SYNOPSIS\n.B s1bridge\n.I command\n.RI [ options ]`,
    `.SH DESCRIPTION\n${roff(program.description)}`,
    `.SH COMMANDS`,
    ...rest.filter(({ words, path }) => words.length === 0 || path.length > 1 || isLeaf(path, rest)).map(section),
    FILES,
    SIGNALS,
    EXIT_STATUS,
    `.SH SEE ALSO\n.BR journalctl (1),\n.BR systemctl (1).\nThe documentation stands in /usr/share/doc/s1bridge where the package put it.`,
  ]
    .join("\n")
    .concat("\n");
}

function isLeaf(path: readonly string[], commands: readonly CommandOutline[]): boolean {
  return !commands.some((one) => one.path.length > path.length && path.every((word, at) => one.path[at] === word));
}

function section({ usage, description, options, words }: CommandOutline): string {
  const choices = words.length === 0 ? "" : `\nOne of: ${roff(words.map(({ word }) => word).join(", "))}.`;
  const rows = options.map(({ text, description: what }) => `.TP\n.B ${roff(text)}\n${roff(what)}`);
  return [`.SS ${roff(usage)}`, roff(description) + choices, ...rows].join("\n");
}

const FILES = `.SH FILES
.TP
.I /etc/s1bridge/config.yaml
The configuration of the service.
.TP
.I /etc/s1bridge/*\\-token
API tokens; the service gets them as credentials.
.TP
.I /var/lib/s1bridge
The disk queue with the checkpoints.`;

const SIGNALS = `.SH SIGNALS
.B s1bridge run
ends at SIGTERM and SIGINT when the windows in flight are finished, within 8 seconds; a second one ends it at once. SIGHUP
reads the configuration again; SIGUSR2 turns debug logging on, and the next one off again.`;

const EXIT_STATUS = `.SH EXIT STATUS
0: done. 1: failed. 2: usage or configuration error. 3: verify found gaps.`;

/** Plain text: a hyphen that can be copied, and no line that man takes for one of its own. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(?=[.'])/gm, "\\&");
}
