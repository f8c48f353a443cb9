import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "../lib/errors.ts";
import { LETTER_FILES } from "./dead-letters.ts";
import { SpoolUnusableError, SpoolWriteError, describeDisk, isDiskFull } from "./errors.ts";

/** What the bridge writes to. The others are replaced as a whole, or are only kept. */
const WRITTEN = ["spool.db", "spool.db-wal", "spool.db-shm", "lock.db", "holder.json", ...LETTER_FILES];

/** Makes the folder where it is missing, and makes sure that it and what is in it can be used by this process. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = `the spool directory ${directory} can not be used: ${describeDisk(error)}`;
    if (isDiskFull(error)) throw new SpoolWriteError(reason, { cause: error });
    throw new SpoolUnusableError(`${reason}${ownerOf(directory, directory)}`, { cause: error });
  }
  for (const name of WRITTEN) mustBeWritable(join(directory, name), directory);
}

/** For a look from outside: a folder that may not be entered is not an empty one. */
export function mustBeReadable(directory: string): void {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw new SpoolUnusableError(
      `the spool directory ${directory} can not be read: ${describeError(error)}${ownerOf(directory, directory)}`,
      { cause: error },
    );
  }
}

function mustBeWritable(path: string, directory: string): void {
  if (!existsSync(path)) return;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new SpoolUnusableError(`${path} can not be written: ${describeDisk(error)}${ownerOf(path, directory)}`, {
      cause: error,
    });
  }
}

/** What to do about a file of somebody else, as a command leaves it that was run as root. */
function ownerOf(path: string, directory: string): string {
  const us = process.geteuid?.();
  const owner = ownerId(path);
  if (us === undefined || owner === undefined || owner === us) return "";
  return `. It belongs to user ${owner}, and this process runs as user ${us}: \`chown -R ${us} ${directory}\` gives it back, or run s1bridge as user ${owner}`;
}

function ownerId(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    // Not even that may be asked.
    return undefined;
  }
}
