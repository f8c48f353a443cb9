import { type FileHandle, open } from "node:fs/promises";
import type { Collector, Frames } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { CollectorWriteError } from "./errors.ts";

/** Appends to a file, for a sidecar that reads it. A window is confirmed when it is synced to the disk. */
export class FileCollector implements Collector {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The file is opened for each window, so that one that was rotated away is not written to. */
  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    let file: FileHandle | undefined;
    try {
      for await (const { bytes } of window) {
        signal.throwIfAborted();
        file ??= await open(this.#path, "a", 0o640);
        await file.appendFile(bytes);
      }
      await file?.datasync();
    } catch (error) {
      signal.throwIfAborted();
      throw new CollectorWriteError(`${this.#path} could not be written: ${describeError(error)}`, { cause: error });
    } finally {
      await file?.close();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
