import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { eventually } from "./bridge-process.ts";

/** Prints each datagram in one line, its fields with bars between. perl is on every Debian; Node has no such sockets. */
const RECEIVER = `
use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die;
print "bound\\n";
while (defined recv($s, my $text, 65536, 0)) { $text =~ s/\\n/|/g; print "$text\\n"; }
`;

/** What systemd is in this: the socket of `NOTIFY_SOCKET`, with everything that came in. */
export class NotifySocket implements AsyncDisposable {
  readonly path: string;
  readonly #child: ChildProcess;
  #text = "";

  private constructor(path: string) {
    this.path = path;
    this.#child = spawn("perl", ["-e", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#text += text));
  }

  static async open(path: string): Promise<NotifySocket> {
    const made = new NotifySocket(path);
    await eventually(() => made.#text.startsWith("bound\n"), "the socket is there");
    return made;
  }

  /** The messages so far. */
  get messages(): readonly string[] {
    return this.#text.split("\n").slice(1, -1);
  }

  async told(text: string): Promise<void> {
    const been = (): boolean => this.messages.some((message) => message.includes(text));
    await eventually(been, () => `told ${text}:\n${this.#text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    if (this.#child.kill("SIGKILL")) await exited;
    rmSync(this.path, { force: true });
  }
}
