import type { Command } from "commander";

/** A command with what may follow it: what completion and the manual page are made of. */
export interface CommandOutline {
  /** The words behind `s1bridge`; none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly usage: string;
  readonly options: readonly OptionOutline[];
  /** The words that may follow: subcommands, or the values of an argument. */
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

export interface OptionOutline {
  readonly flags: readonly string[];
  readonly text: string;
  readonly description: string;
  readonly takesValue: boolean;
}

/** The program and all its commands, in the order of `--help`. */
export function outline(command: Command, path: readonly string[] = []): readonly CommandOutline[] {
  const help = command.createHelp();
  const subcommands = command.commands.filter((one) => one.name() !== "help");
  const own: CommandOutline = {
    path,
    description: command.description(),
    usage: ["s1bridge", ...path, command.usage()].join(" ").trim(),
    options: help.visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag != null),
      text: option.flags,
      description: help.optionDescription(option),
      takesValue: option.required || option.optional,
    })),
    words: [
      ...subcommands.map((one) => ({ word: one.name(), description: one.description() })),
      ...command.registeredArguments.flatMap(({ argChoices = [] }) =>
        argChoices.map((word) => ({ word, description: "" })),
      ),
    ],
  };
  return [own, ...subcommands.flatMap((one) => outline(one, [...path, one.name()]))];
}
