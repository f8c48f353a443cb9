import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { elementTexts, memberTexts } from "./json-scan.ts";

/** Records of a folder of recorded API answers, each as the very text that the file holds. */
export interface RecordedAnswers {
  readonly activities: readonly string[];
  readonly threats: readonly string[];
  /** Ids that several records of one feed share: as versions of one object, or as placeholders of an anonymiser. */
  readonly repeatedIds: { readonly activities: readonly string[]; readonly threats: readonly string[] };
  /** What was left out, and how often, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
  readonly files: number;
}

/** Reads every `.json` and `.json.resp` of the folder and of those below: envelopes, arrays, and bare records. */
export async function loadRecords(directory: string): Promise<RecordedAnswers> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => /\.json(\.resp)?$/.test(name));
  const skipped = new Map<string, number>();
  const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const activities: string[] = [];
  const threats: string[] = [];
  for (const name of names.sort()) {
    for (const text of recordTexts(await readFile(join(directory, name), "utf8"), skip)) {
      const kind = kindOf(JSON.parse(text));
      if (kind === "activity") activities.push(text);
      else if (kind === "threat") threats.push(text);
      else skip(kind);
    }
  }
  const repeatedIds = { activities: repeated(activities), threats: repeated(threats) };
  return { activities, threats, repeatedIds, skipped, files: names.length };
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

function repeated(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const id = String((JSON.parse(text) as { id?: unknown }).id);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([id]) => id);
}
