import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf, readLines } from "./collect.ts";
import { Daemon } from "./daemon.ts";
import { freePort } from "./free-port.ts";

/** Where a real collector lives: its folder, its port, and the file that it writes what it gets to. */
export interface ReceiverPlace {
  readonly directory: string;
  readonly port: number;
  readonly configuration: string;
  readonly file: string;
}

export type ReceiverCommand = ConstructorParameters<typeof Daemon>[0];

/** A real collector on a free port that writes every message as it came, one a line. */
export class FileReceiver implements AsyncDisposable {
  readonly port: number;
  readonly file: string;
  readonly daemon: Daemon;
  readonly #directory: string;

  protected constructor({ directory, port, file }: ReceiverPlace, command: ReceiverCommand, env?: NodeJS.ProcessEnv) {
    this.#directory = directory;
    this.port = port;
    this.file = file;
    this.daemon = new Daemon(command, port, env);
  }

  /** Waits until it has written so many lines. */
  lines(count: number, ms?: number): Promise<string[]> {
    return linesOf(this.file, count, ms);
  }

  linesNow(): Promise<string[]> {
    return readLines(this.file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.daemon.resume();
    await this.daemon.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** A new place with its configuration in it. */
  protected static async place(name: string, text: (place: ReceiverPlace) => string): Promise<ReceiverPlace> {
    const directory = await mkdtemp(join(tmpdir(), `s1bridge-${name}-`));
    const configuration = join(directory, `${name}.conf`);
    const place = { directory, port: await freePort(), configuration, file: join(directory, "received.log") };
    await writeFile(configuration, text(place));
    return place;
  }
}
