import type { Socket } from "node:net";
import { type RelpFrame, RelpFrameReader, relpFrame } from "../../collector/relp-frame.ts";
import type { RelpBehaviour } from "./behaviour.ts";
import type { Received } from "./received.ts";

/** The server's side of a RELP session: takes messages over and answers each, as rsyslog's imrelp does. */
export class RelpReceiver {
  /** Frames that were none: each ends its session. */
  framingErrors = 0;
  readonly #socket: Socket;
  readonly #behaviour: RelpBehaviour;
  readonly #received: Received;
  readonly #reader = new RelpFrameReader((frame) => this.#onFrame(frame));
  #expected = 1;
  #messages = 0;
  #isClosing = false;
  /** What is answered after the chunk, together. */
  #answers: string[] = [];

  constructor(socket: Socket, behaviour: RelpBehaviour, received: Received) {
    this.#socket = socket;
    this.#behaviour = behaviour;
    this.#received = received;
  }

  push(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch {
      this.framingErrors += 1;
      this.#socket.destroy();
      return;
    }
    const answers = this.#behaviour.backwards === true ? this.#answers.reverse() : this.#answers;
    this.#answers = [];
    if (answers.length > 0) this.#socket.write(answers.join(""));
    if (this.#isClosing) this.#socket.end();
  }

  /** A session that ends in the middle of a frame has lost nothing that was answered. */
  end(): void {}

  #onFrame({ txnr, command, data }: RelpFrame): void {
    // librelp takes no other order either.
    if (txnr !== this.#expected) throw new Error(`expected transaction ${this.#expected}, got ${txnr}`);
    this.#expected += 1;
    if (command === "open") this.#answer(txnr, this.#behaviour.answerOpen ?? ACCEPTED);
    else if (command === "syslog") this.#onMessage(txnr, data);
    else this.#onClose(txnr);
  }

  #onMessage(txnr: number, data: Buffer): void {
    const { answers = Infinity, after } = this.#behaviour;
    this.#messages += 1;
    if (this.#messages <= answers) {
      this.#received.add(data, 0, data.length);
      this.#answer(txnr, "200 OK");
    } else if (after === "refuse") {
      this.#answer(txnr, "500 the disk is full");
    } else if (after === "serverclose" && this.#messages === answers + 1) {
      this.#close();
    }
  }

  #onClose(txnr: number): void {
    this.#answer(txnr, "");
    this.#close();
  }

  #close(): void {
    this.#answers.push(SERVER_CLOSE);
    this.#isClosing = true;
  }

  #answer(txnr: number, text: string): void {
    this.#answers.push(relpFrame(txnr, "rsp", text).toString());
  }
}

const ACCEPTED = "200 OK\nrelp_version=0\nrelp_software=s1bridge demo\ncommands=syslog";
const SERVER_CLOSE = relpFrame(0, "serverclose").toString();
