import { ActivityDataset } from "../src/demo/records/dataset.ts";
import { readPage } from "../src/sentinelone/page.ts";

const ROUNDS = 40;

/** What exact integers cost: milliseconds for a page of 1,000 records, against bare `JSON.parse`. */
export function benchExactJson(): readonly {
  readonly page: string;
  readonly parseMs: number;
  readonly exactMs: number;
}[] {
  const dataset = new ActivityDataset({ seed: 3, count: 1000, startMs: 1_760_000_000_000, stepMs: 100 });
  const records = Array.from({ length: 1000 }, (_, index) => dataset.at(index).text);
  const long = `{"data":[${records.map((text) => text.replace('"data":{', '"data":{"alertId":2254947309384938041,"scopeId":1234567890123456789,')).join(",")}]}`;
  const short = long.replaceAll(/([:,[]-?)\d{16,}(?=[,}\]])/g, "$142");
  return [
    { page: "without long integers", ...measure(short) },
    { page: "with two or more long integers in each record", ...measure(long) },
  ];
}

/** As the intake does it: the records are found, made exact and parsed one by one. */
function parsePage(text: string): unknown[] {
  return readPage(Buffer.from(text), "activities").elements.map((element) => element.value());
}

function measure(text: string): { parseMs: number; exactMs: number } {
  return { parseMs: best(() => JSON.parse(text)), exactMs: best(() => parsePage(text)) };
}

function best(work: () => unknown): number {
  let fastest = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    work();
    fastest = Math.min(fastest, performance.now() - startedMs);
  }
  return fastest;
}
