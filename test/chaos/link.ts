import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Endpoints, unacknowledgedBytes } from "../../src/collector/tx-queue.ts";

/**
 * The network between a sender and a collector, and what can be wrong with it. It holds no opinion of its own: an end is
 * passed on only when everything before it has been taken, and what breaks on one side breaks on the other.
 */
export class Link {
  readonly #upstreamPort: number;
  readonly #isTls: boolean;
  readonly #passages = new Set<Passage>();
  #server: Server | undefined;
  #port = 0;
  #closesAtOnce = false;
  #resetAfter: number | undefined;
  #isBlack = false;
  #bytesPerSecond = Infinity;

  private constructor(upstreamPort: number, isTls: boolean) {
    this.#upstreamPort = upstreamPort;
    this.#isTls = isTls;
  }

  static async start(upstreamPort: number, { isTls = false } = {}): Promise<Link> {
    const link = new Link(upstreamPort, isTls);
    await link.accept();
    return link;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that have carried something towards the collector, and are not over. */
  get busy(): number {
    return [...this.#passages].filter(({ bytes }) => bytes > 0).length;
  }

  /** Listens, on the same port as before. */
  async accept(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#pass(socket),
    );
    this.#server = server;
    await once(server.listen(this.#port, "127.0.0.1"), "listening");
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Nothing listens any more. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
    this.reset();
  }

  reset(): void {
    for (const passage of this.#passages) passage.reset();
  }

  closeAtOnce(on: boolean): void {
    this.#closesAtOnce = on;
  }

  /** The connections that stand, and the next one, are reset after so many more bytes towards the collector. */
  resetAfter(bytes: number | undefined): void {
    this.#resetAfter = bytes;
    for (const passage of this.#passages) passage.resetAfter(bytes);
  }

  /** Nothing passes in either direction, and new connections reach nobody. */
  blackhole(on: boolean): void {
    this.#isBlack = on;
    for (const passage of this.#passages) passage.flow(!on);
  }

  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  close(): void {
    this.refuse();
  }

  #pass(socket: Socket): void {
    if (this.#closesAtOnce) {
      // Nothing is read: whoever reads all and then ends says that it has got it.
      socket.on("error", () => undefined).destroy();
      return;
    }
    const passage = new Passage(socket, this.#upstreamPort, {
      bytesPerSecond: () => this.#bytesPerSecond,
      isTls: this.#isTls,
    });
    passage.resetAfter(this.#resetAfter);
    this.#resetAfter = undefined;
    this.#passages.add(passage);
    if (this.#isBlack) passage.flow(false);
    void passage.ended.then(() => this.#passages.delete(passage));
  }
}

interface PassageOptions {
  readonly bytesPerSecond: () => number;
  readonly isTls: boolean;
}

/** One connection through the link. */
class Passage {
  readonly ended: Promise<unknown>;
  readonly #down: Socket;
  readonly #up: Socket;
  readonly #options: PassageOptions;
  #flows = Promise.withResolvers<void>();
  #upHasEnded = false;
  /** Kept, for a socket that has ended does not tell them any more. */
  #endpoints: Endpoints | undefined;
  #bytes = 0;
  #resetAt = Infinity;

  constructor(down: Socket, upstreamPort: number, options: PassageOptions) {
    this.#flows.resolve();
    this.#down = down;
    this.#up = connect({ port: upstreamPort, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.#options = options;
    const sockets = [down, this.#up];
    for (const socket of sockets) socket.on("error", () => this.reset());
    this.#up.once("connect", () => {
      const { localAddress: address = "", localPort = 0, remotePort = 0 } = this.#up;
      this.#endpoints = { address, localPort, remotePort };
    });
    this.ended = Promise.all(sockets.map((socket) => once(socket, "close").catch(() => undefined)));
    void this.#carry(down, this.#up);
    void this.#carry(this.#up, down);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Stops or goes on. */
  flow(on: boolean): void {
    this.#flows.resolve();
    if (!on) this.#flows = Promise.withResolvers<void>();
  }

  resetAfter(bytes = Infinity): void {
    this.#resetAt = this.#bytes + bytes;
  }

  reset(): void {
    this.#flows.resolve();
    for (const socket of [this.#down, this.#up]) {
      if (!socket.destroyed) socket.resetAndDestroy();
    }
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    const isUpward = from === this.#down;
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await this.#flows.promise;
        if (isUpward && !this.#mayPass(chunk)) return;
        if (!to.write(chunk)) await once(to, "drain");
        const rate = this.#options.bytesPerSecond();
        if (rate < Infinity) await pause((chunk.length / rate) * 1000);
      }
      await this.#flows.promise;
      if (isUpward || this.#mayEnd()) to.end();
      else this.reset();
    } catch {
      this.reset();
    }
  }

  /** False when this is where the connection breaks. */
  #mayPass(chunk: Buffer): boolean {
    if (this.#upHasEnded) {
      this.reset();
      return false;
    }
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#resetAt) return true;
    this.#up.write(chunk.subarray(0, chunk.length >> 1), () => this.reset());
    return false;
  }

  /**
   * Whether the collector has taken everything that its sender had to say. One that was killed may end cleanly and too
   * early, and then the bytes that are in our hands must not be lost in silence.
   */
  #mayEnd(): boolean {
    this.#upHasEnded = true;
    const up = this.#up;
    const unacknowledged = this.#endpoints === undefined ? undefined : unacknowledgedBytes(this.#endpoints);
    if (up.writableLength > 0 || unacknowledged === undefined) return false;
    if (!this.#options.isTls) return up.writableFinished && unacknowledged === 0;
    // After the last words of TLS, which its sender can tell from a mere end, a good collector may end before our FIN.
    return unacknowledged <= (up.writableEnded ? 1 : 0);
  }
}
