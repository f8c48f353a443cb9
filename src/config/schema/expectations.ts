import * as z from "zod";
import { FEED_NAMES } from "../../event/event.ts";
import { evenIfFaulty, expected, filePath, label, listOf, wholeNumber } from "../values.ts";

/** What `s1bridge test` reads: records, and what has to become of them. */

const text = z.string(expected("a text"));

const words = z.record(
  z.string(),
  z.preprocess(
    (value) =>
      typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : value,
    text,
  ),
  expected("a mapping of extension keys to values"),
);

const expectation = z.strictObject(
  {
    collectors: z.array(label(), expected("a list of collectors")).optional(),
    collector: label().optional(),
    class_id: z.preprocess((value) => (typeof value === "number" ? String(value) : value), text).optional(),
    name: text.optional(),
    severity: wholeNumber(0, 10).optional(),
    keys: words.prefault({}),
    absent: listOf(text),
  },
  expected("a mapping"),
);

const entry = evenIfFaulty(
  z.strictObject(
    {
      name: text.min(1, expected("a name")),
      console: label().optional(),
      feed: z.enum(FEED_NAMES),
      change: z.enum(["new", "updated"]).default("new"),
      record: z
        .union([z.record(z.string(), z.unknown()), text], expected("a record, as a mapping or as JSON text"))
        .optional(),
      record_file: filePath().optional(),
      expect: expectation,
    },
    expected("a mapping"),
  ),
  (value, fault) => {
    const { record, record_file: file } = value as { record?: unknown; record_file?: unknown };
    if ((record === undefined) === (file === undefined)) fault(["record"], "expected either record or record_file");
  },
);

export const expectationsSchema = z.strictObject({
  version: z.literal(1),
  tests: z.array(entry, expected("a list with at least one test")).min(1, expected("a list with at least one test")),
});

export type Expectations = z.output<typeof expectationsSchema>;
export type TestCase = Expectations["tests"][number];
