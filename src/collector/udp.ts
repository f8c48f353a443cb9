import { type Client, Transport, createClient } from "syslog-client";
import type { Collector, Frames } from "../bridge/ports.ts";
import { orAborted } from "../lib/signals.ts";
import { describeError } from "../lib/errors.ts";
import { CollectorWriteError } from "./errors.ts";

/**
 * One datagram for each message, by the package syslog-client. Best effort: UDP tells nobody what was lost, so a window
 * is released when the kernel has taken it. Why TCP and TLS have a transport of their own: docs/decisions/0003.
 */
export class UdpCollector implements Collector {
  readonly #client: Client;
  #failure: Error | undefined;

  constructor({ host, port }: { readonly host: string; readonly port: number }) {
    this.#client = createClient(host, { port, transport: Transport.Udp });
    this.#client.on("error", (error: Error) => {
      this.#failure = error;
    });
    // Our messages have their header already, and the package would put its own before it.
    Object.assign(this.#client, { buildFormattedMessage: (message: string) => Buffer.from(message) });
  }

  async deliver(window: AsyncIterable<Frames>, signal: AbortSignal): Promise<void> {
    for await (const { bytes } of window) {
      for (const message of bytes.toString("utf8").split("\n")) {
        if (message !== "") await orAborted(this.#send(message), signal);
      }
    }
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  #send(message: string): Promise<void> {
    this.#failure = undefined;
    return new Promise((resolve, reject) => {
      this.#client.log(message, {}, (error) => {
        const failure = error ?? this.#failure;
        if (failure === undefined || failure === null) resolve();
        else
          reject(
            new CollectorWriteError(`the datagram could not be sent: ${describeError(failure)}`, { cause: failure }),
          );
      });
    });
  }
}
