import type * as Block from "../../../src/spool/block.ts";
import { LocalThread } from "./local-thread.ts";
import { packing } from "./model.ts";

/** In place of `src/spool/thread.ts`. */
export function threadHere(): object {
  return { SpoolThread: LocalThread };
}

/** In place of `src/spool/block.ts`: the same, but it is known when zstd is at work in threads of its own. */
export function blockObserved(actual: typeof Block): typeof Block {
  const packBlock: typeof Block.packBlock = async (entries) => {
    packing.now += 1;
    return await actual.packBlock(entries).finally(() => (packing.now -= 1));
  };
  return { ...actual, packBlock };
}
