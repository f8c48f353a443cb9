import type { FaultName, PlannedFault } from "./plan.ts";
import type { Receiver } from "./receiver.ts";

/** How many events came again, by the name of the fault that the receiver or the bridge had before. */
export type Blamed = Readonly<Partial<Record<FaultName | "none", number>>>;

/** Whether a fault can make events come twice to this receiver; rsyslog's forwarder has those of the TCP collector. */
export function befalls({ name, transport }: PlannedFault, receiver: Pick<Receiver, "name">): boolean {
  const isForwarder = receiver.name === "omfwd";
  if (transport !== undefined) return receiver.name === transport || (isForwarder && transport === "tcp");
  return !isForwarder && (name.startsWith("bridge") || name === "disk full");
}

/** Finds for each event that comes again the last fault before it. */
export class Blame {
  readonly #faults: { readonly atMs: number; readonly name: FaultName }[] = [];
  readonly #counts: Partial<Record<FaultName | "none", number>> = {};

  constructor({ tally }: Pick<Receiver, "tally">) {
    tally.onDuplicate = (atMs) => {
      const name = this.#faults.findLast((fault) => fault.atMs <= atMs)?.name ?? "none";
      this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    };
  }

  get duplicates(): Blamed {
    return this.#counts;
  }

  fault(name: FaultName): void {
    this.#faults.push({ atMs: Date.now(), name });
  }
}
