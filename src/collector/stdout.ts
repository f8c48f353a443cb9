import type { Writable } from "node:stream";
import type { Collector, Frames } from "../bridge/ports.ts";
import { describeError } from "../lib/errors.ts";
import { orAborted } from "../lib/signals.ts";
import { CollectorGoneError } from "./errors.ts";

/** Writes to standard output, for a container whose log is collected. Released when the pipe has taken the bytes. */
export class StdoutCollector implements Collector {
  readonly #stdout: Writable;
  #failure: Error | undefined;

  constructor(stdout: Writable = process.stdout) {
    this.#stdout = stdout;
    // A reader that goes away is an error event; without a listener it would end the process.
    stdout.on("error", this.#onError);
  }

  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    for await (const { bytes } of window) {
      signal.throwIfAborted();
      if (this.#failure !== undefined) throw gone(this.#failure);
      await orAborted(this.#write(bytes), signal);
    }
  }

  close(): Promise<void> {
    this.#stdout.off("error", this.#onError);
    return Promise.resolve();
  }

  readonly #onError = (error: Error): void => {
    this.#failure = error;
  };

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdout.write(bytes, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(gone(error));
      });
    });
  }
}

/** A stream that has failed once is closed for good, and the descriptor can not be opened again. */
function gone(error: Error): CollectorGoneError {
  return new CollectorGoneError(`standard output can not be written any more: ${describeError(error)}`, {
    cause: error,
  });
}
