import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Behaviour } from "./behaviour.ts";
import { CollectorConnection, type Protocol } from "./connection.ts";
import { Received } from "./received.ts";
import type { Keep } from "./received.ts";

export interface CollectorOptions {
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Speaks TLS when given; with `ca`, the client must show a certificate of it. */
  readonly tls?: {
    readonly key: string | Buffer;
    readonly cert: string | Buffer;
    readonly ca?: string | Buffer;
    readonly minVersion?: "TLSv1.2" | "TLSv1.3";
    readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  };
  /** `syslog` when left out. */
  readonly protocol?: Protocol;
  /** `messages` when left out. */
  readonly keep?: Keep;
  readonly onMessage?: (text: string) => void;
  /** How connections are treated that `behaveNext` says nothing about; a function is asked for each. */
  readonly behaviour?: Behaviour | (() => Behaviour);
}

/** A syslog receiver for TCP, TLS and RELP that answers a half-close as real ones do, and misbehaves when it is told to. */
export class DemoCollector implements AsyncDisposable {
  readonly received: Received;
  readonly #options: CollectorOptions;
  readonly #connections = new Set<CollectorConnection>();
  readonly #next: Behaviour[] = [];
  #server: Server;
  #port = 0;
  #accepted = 0;
  #closedFramingErrors = 0;
  #refusedHandshakes = 0;

  private constructor(options: CollectorOptions) {
    this.#options = options;
    this.received = new Received(options.keep ?? "messages", options.onMessage);
    this.#server = this.#createServer();
  }

  /** Resolves when it listens. */
  static async start(options: CollectorOptions = {}): Promise<DemoCollector> {
    const collector = new DemoCollector(options);
    await collector.#listen(options.port ?? 0);
    return collector;
  }

  get port(): number {
    return this.#port;
  }

  /** As in a configuration: `tcp://127.0.0.1:6514`. */
  get address(): string {
    const { tls, protocol } = this.#options;
    const scheme = protocol === "relp" ? ["relp", "relp+tls"] : ["tcp", "tls"];
    return `${scheme[tls === undefined ? 0 : 1]}://${this.#options.host ?? "127.0.0.1"}:${this.#port}`;
  }

  /** Connections that were accepted since the start; with TLS, those whose handshake succeeded. */
  get accepted(): number {
    return this.#accepted;
  }

  get open(): number {
    return this.#connections.size;
  }

  get refusedHandshakes(): number {
    return this.#refusedHandshakes;
  }

  get framingErrors(): number {
    return [...this.#connections].reduce((sum, one) => sum + one.framingErrors, this.#closedFramingErrors);
  }

  /** The next connections are treated so, one each; those after them as before. */
  behaveNext(...behaviours: Behaviour[]): void {
    this.#next.push(...behaviours);
  }

  /** Ends every connection with a reset, as a crash does, and goes on listening. */
  resetAll(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** Resets every connection and refuses new ones until `back()`. */
  async goAway(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.resetAll();
    await closed;
  }

  /** Listens again on the same port. */
  async back(): Promise<void> {
    this.#server = this.#createServer();
    await this.#listen(this.#port);
  }

  /** `goAway()` now and `back()` after so long. Resolves when it listens again. */
  async away(ms: number): Promise<void> {
    await this.goAway();
    await new Promise((resolve) => setTimeout(resolve, ms));
    await this.back();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #createServer(): Server {
    const { tls } = this.#options;
    if (tls === undefined)
      return createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    const { ca, ...rest } = tls;
    const authentication = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
    const rawSockets = new Map<number | undefined, Socket>();
    const server = createTlsServer({ ...rest, ...authentication, allowHalfOpen: true }, (socket) =>
      this.#accept(socket, rawSockets.get(socket.remotePort)),
    );
    server.on("connection", (raw: Socket) => {
      const port = raw.remotePort;
      rawSockets.set(port, raw);
      raw.once("close", () => rawSockets.delete(port));
    });
    server.on("tlsClientError", () => {
      this.#refusedHandshakes += 1;
    });
    return server;
  }

  #usual(): Behaviour {
    const { behaviour = {} } = this.#options;
    return typeof behaviour === "function" ? behaviour() : behaviour;
  }

  #accept(socket: Socket, rawSocket = socket): void {
    this.#accepted += 1;
    const behaviour = this.#next.shift() ?? this.#usual();
    const connection = new CollectorConnection(socket, rawSocket, behaviour, {
      received: this.received,
      protocol: this.#options.protocol ?? "syslog",
    });
    this.#connections.add(connection);
    socket.once("close", () => {
      this.#connections.delete(connection);
      this.#closedFramingErrors += connection.framingErrors;
    });
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#options.host ?? "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }
}
