import type { Stats } from "node:fs";
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
        file ??= await this.#open();
        await file.appendFile(bytes);
      }
      if (file !== undefined) await sync(file);
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

  /** Half a line, left by an attempt that failed or by a crash, would swallow the first message behind it. */
  async #open(): Promise<FileHandle> {
    const file = await open(this.#path, "a", 0o640);
    try {
      if (!(await endsWithLine(this.#path, await file.stat()))) await file.appendFile("\n");
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

async function endsWithLine(path: string, stats: Stats): Promise<boolean> {
  if (!stats.isFile() || stats.size === 0) return true;
  await using file = await open(path, "r");
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: stats.size - 1 });
  return buffer.toString("latin1") === "\n";
}

/** A pipe or a device has nothing to sync, and says so with an error. */
async function sync(file: FileHandle): Promise<void> {
  if ((await file.stat()).isFile()) await file.datasync();
}
