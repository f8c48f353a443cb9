/** How a collector treats one connection. What is left out is done as a good collector does it. */
export interface Behaviour {
  /** Reads so many bytes, then nothing for so long, then resets: the fault that costs other forwarders thousands. */
  readonly stall?: { readonly afterBytes: number; readonly ms: number };
  /** Ends the connection as soon as it is accepted. */
  readonly closeOnAccept?: boolean;
  /** Reads so many bytes and never another, without closing. */
  readonly stopReadingAfter?: number;
  /** Reads everything and never answers the peer's end. */
  readonly neverAnswerClose?: boolean;
  /** Sends its own end after so many bytes and throws away what still comes: an end that confirms nothing. */
  readonly endAfterBytes?: number;
  /** Reads no faster than this. */
  readonly bytesPerSecond?: number;
  /** Resets after so many bytes. */
  readonly resetAfterBytes?: number;
  /** Resets when the peer has ended, in place of the clean end. */
  readonly resetOnClose?: boolean;
  /** What only a RELP receiver can do. */
  readonly relp?: RelpBehaviour;
}

export interface RelpBehaviour {
  /** The answer to `open`, in place of 200 and the offers. */
  readonly answerOpen?: string;
  /** Answers so many messages; what becomes of the others says `after`. */
  readonly answers?: number;
  /** Refuses them (500), never answers, or tells the end of the session and closes. */
  readonly after?: "refuse" | "nothing" | "serverclose";
  /** Answers what came together in the opposite order. */
  readonly backwards?: boolean;
}
