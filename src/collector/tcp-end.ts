import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What became of a TCP connection that both sides have ended:
 *
 * - `clean`: the peer's kernel has acknowledged all that was sent, our FIN included, and has sent no reset.
 * - `broken`: it has sent a reset, before or after its own end.
 * - `open`: neither yet.
 * - `unknown`: this Node does not let us ask. Ask the kernel's table then (tx-queue.ts).
 */
export type Verdict = "clean" | "broken" | "open" | "unknown";

/** What a socket of Node has inside (24.21). */
interface Handle {
  readonly fd: number;
  readonly getpeername: (out: object) => number;
  shutdown: (request: ShutdownRequest) => number;
}

interface ShutdownRequest {
  oncomplete: (status: number) => void;
}

/** How soon is looked again whether the kernel is done; twice as long each time, and no longer than the last. */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 256;

/**
 * Asks the kernel by the socket itself, which takes a microsecond however many connections the machine has. Three answers
 * of Linux together say it:
 *
 * - shutdown(2) fails with ENOTCONN where a reset came before our FIN; Node keeps that to itself.
 * - getpeername(2) fails with ENOTCONN as soon as the kernel is done with the connection (TIME_WAIT or CLOSE).
 * - write(2) then fails: with the error that a reset has left since our FIN (ECONNRESET), or with EPIPE where there was none.
 */
export class TcpEnd {
  readonly #tcp: Socket;
  /** Of shutdown(2): 0 when it went well. */
  #status: number | undefined;
  #isAsked = false;
  #final: Verdict | undefined;
  /** What is done before Node hears of the shutdown, and may close the socket. */
  #before: (() => Promise<void>) | undefined;

  constructor(tcp: Socket) {
    this.#tcp = tcp;
    this.#listen();
  }

  /** Whether our FIN was asked for. */
  get isSent(): boolean {
    return this.#isAsked;
  }

  /** Whether the kernel can be asked. */
  get isKnown(): boolean {
    return this.#handle !== undefined && (!this.#isAsked || this.#status !== undefined);
  }

  verdict(): Verdict {
    const verdict = this.#final ?? this.#ask();
    // The kernel tells of a reset only once.
    if (verdict === "clean" || verdict === "broken") this.#final = verdict;
    return verdict;
  }

  /** Sends our FIN, and waits half a second for what becomes of the connection. */
  async send(): Promise<Verdict> {
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.#before = async () => {
      let verdict = this.verdict();
      for (let ms = FIRST_LOOK_MS; verdict === "open" && ms <= LAST_LOOK_MS; ms *= 2) {
        await sleep(ms);
        verdict = this.verdict();
      }
      resolve(verdict);
    };
    this.#tcp.once("close", () => resolve("unknown"));
    this.#tcp.end();
    return await promise;
  }

  #ask(): Verdict {
    const handle = this.#handle;
    if (handle === undefined || this.#status === undefined) return "unknown";
    if (this.#status !== 0) return "broken";
    if (handle.getpeername({}) === 0) return "open";
    try {
      // Nothing leaves: the kernel is done with the connection.
      writeSync(handle.fd, "\n");
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPIPE" ? "clean" : "broken";
    }
    return "unknown";
  }

  get #handle(): Handle | undefined {
    const { _handle: handle } = this.#tcp as { _handle?: Partial<Handle> | null };
    const isKnown = typeof handle?.fd === "number" && handle.fd >= 0 && typeof handle.getpeername === "function";
    return isKnown ? (handle as Handle) : undefined;
  }

  /** Node calls the handle's own `shutdown`, and does not look at what comes of it. */
  #listen(): void {
    const handle = this.#handle;
    if (typeof handle?.shutdown !== "function") return;
    const shutdown = handle.shutdown.bind(handle);
    handle.shutdown = (request) => {
      this.#isAsked = true;
      const complete = request.oncomplete.bind(request);
      request.oncomplete = (status) => {
        this.#status = status;
        const before = this.#before?.();
        if (before === undefined) complete(status);
        else void before.finally(() => complete(status));
      };
      return shutdown(request);
    };
  }
}
