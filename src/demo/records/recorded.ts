import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { elementTexts, memberTexts } from "./json-scan.ts";

/** Records of a folder of recorded API answers, each as the very text that the file holds. */
export interface RecordedAnswers {
  readonly activities: readonly string[];
  readonly threats: readonly string[];
  /** Different events among them: by id, threats by id and `updatedAt`. */
  readonly expected: number;
  /** Ids that several records of one feed share: as versions of one object, or as placeholders of an anonymiser. */
  readonly repeatedIds: { readonly activities: readonly string[]; readonly threats: readonly string[] };
  /** What was left out, and how often, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
  readonly files: number;
  /** All of it in a sentence. */
  readonly description: string;
}

/** Reads every `.json` and `.json.resp` of the folder and of those below: envelopes, arrays, and bare records. */
export function loadRecords(directory: string): RecordedAnswers {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => FILE_NAME.test(name));
  const skipped = new Map<string, number>();
  const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const activities: string[] = [];
  const threats: string[] = [];
  for (const name of names.sort()) {
    for (const text of recordTexts(readFileSync(join(directory, name), "utf8"), skip)) {
      const kind = kindOf(JSON.parse(text));
      if (kind === "activity") activities.push(text);
      else if (kind === "threat") threats.push(text);
      else skip(kind);
    }
  }
  const counts = { activities: countsOf(activities, identity), threats: countsOf(threats, identity) };
  const repeatedIds = { activities: repeated(counts.activities), threats: repeated(counts.threats) };
  const expected = counts.activities.size + countsOf(threats, versionIdentity).size;
  const read = { activities, threats, expected, repeatedIds, skipped, files: names.length };
  return { ...read, description: describe(read) };
}

function describe({ activities, threats, repeatedIds, skipped, files }: Omit<RecordedAnswers, "description">): string {
  const sentence = `${activities.length} activities and ${threats.length} threats of ${files} files`;
  const left = [...skipped].map(([reason, count]) => `${count} × ${reason}`).join(", ");
  const shared = [...repeatedIds.activities, ...repeatedIds.threats].join(", ");
  return [sentence, left && `left out: ${left}`, shared && `ids that several records share: ${shared}`]
    .filter((part) => part !== "")
    .join("; ");
}

function recordTexts(content: string, skip: (reason: string) => void): string[] {
  const text = content.replace(/^\uFEFF/, "").trim();
  try {
    JSON.parse(text);
  } catch {
    // The reason is all that matters: the file is no answer of the API.
    skip("a file that is not JSON");
    return [];
  }
  if (text.startsWith("[")) return elementTexts(text);
  if (!text.startsWith("{")) return [text];
  const data = memberTexts(text).get("data");
  if (data?.startsWith("[") === true) return elementTexts(data);
  return [text];
}

type Kind = "activity" | "threat" | "a record of another kind" | "not a record";

function kindOf(record: unknown): Kind {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return "not a record";
  if ("activityType" in record) return "activity";
  if ("threatInfo" in record || "threatName" in record || "fileContentHash" in record) return "threat";
  return "a record of another kind";
}

interface Identified {
  readonly id?: unknown;
  readonly updatedAt?: unknown;
  readonly threatInfo?: { readonly updatedAt?: unknown };
}

function identity({ id }: Identified): string {
  return String(id);
}

function versionIdentity({ id, updatedAt, threatInfo }: Identified): string {
  return `${String(id)}/${String(threatInfo?.updatedAt ?? updatedAt)}`;
}

function countsOf(texts: readonly string[], key: (record: Identified) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const one = key(JSON.parse(text) as Identified);
    counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  return counts;
}

function repeated(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}

const FILE_NAME = /\.json(\.resp)?$/;
