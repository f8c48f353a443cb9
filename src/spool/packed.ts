import type { Aside, Checkpoint, DeadLetter, Page, Tally } from "../bridge/ports.ts";
import type { Micros } from "../event/time.ts";
import { packBlock } from "./block.ts";
import { type Listable, type Listed, packListed } from "./ledger.ts";
import type { IdentifiedLetter, NewEntry } from "./sightings.ts";
import { type Identity, type IdentityList, type NewIdentity, listIdentities } from "./identities.ts";

export interface PackedBlock {
  readonly count: number;
  readonly body: Uint8Array;
  /** For the ledger; undefined where none is kept. */
  readonly listed?: Listed | undefined;
}

/** A page without what has been seen before, as it goes to the spool's thread. */
export interface PackedPage {
  readonly identities: IdentityList;
  readonly blocks: readonly PackedBlock[];
  readonly deadLetters: readonly DeadLetter[];
  readonly checkpoint: Checkpoint;
  readonly seenSince: Micros;
  readonly consoleVersion: string | undefined;
  readonly tallies?: readonly Tally[];
  readonly list?: Page["list"];
  /** Objects of a list that are known and to be noted as still there. */
  readonly stillThere?: readonly NewIdentity[];
  /** It is no part of the feed's own course. */
  readonly aside?: Aside | undefined;
}

/** What the spool does not have yet of a page. */
export interface Unseen {
  readonly entries: readonly NewEntry[];
  readonly letters: readonly IdentifiedLetter[];
  readonly stillThere: readonly Identity[];
  /** The identities as they were asked about, where they are those of the entries. */
  readonly asked?: IdentityList | undefined;
}

export interface PackOptions {
  readonly aside: Aside | undefined;
  /** Whether ids are listed for the ledger. */
  readonly list: boolean;
  readonly tallies: readonly Tally[];
}

/** A block's records stop here, so that a reader never has to hold more than this and one record. */
const BLOCK_TEXT_LENGTH = 384 << 10;

export async function packPage(
  page: Page,
  { entries, letters, stillThere, asked }: Unseen,
  { aside, list, tallies }: PackOptions,
): Promise<PackedPage> {
  const { checkpoint, seenSince, consoleVersion } = page;
  const blocks: PackedBlock[] = [];
  for (let from = 0, to = 0; from < entries.length; from = to) {
    let length = 0;
    while (to < entries.length && length < BLOCK_TEXT_LENGTH) length += entries[to++]?.text.length ?? 0;
    const own = entries.slice(from, to);
    blocks.push({
      count: to - from,
      body: await packBlock(own),
      ...(list ? { listed: packListed(own.map(listable)) } : {}),
    });
  }
  const identities =
    asked ??
    listIdentities([...entries, ...letters.map(({ id }) => ({ id, version: undefined, time: checkpoint.time }))]);
  const deadLetters = letters.map(({ reason, text }) => ({ reason, text }));
  const packed = { identities, blocks, deadLetters, checkpoint, seenSince, consoleVersion };
  return { ...packed, tallies, stillThere, list: page.list, aside };
}

/** The console counts its records, and not what is told beside them. */
function listable(entry: NewEntry): Listable {
  switch (entry.change) {
    case "note":
    case "timeline":
    case "snapshot":
      return undefined;
    default:
      return entry;
  }
}
