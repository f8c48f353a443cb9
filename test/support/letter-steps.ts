import { writeSync } from "node:fs";
import { SpoolStore } from "../../src/spool/store.ts";

/** A console that sends nothing but bad records, to be killed at any step of keeping them. What is kept stands on standard output. */
const [directory = ""] = process.argv.slice(2);

const store = SpoolStore.open({
  directory,
  maxBytes: 1 << 30,
  minFreeBytes: 0,
  collectors: ["c"],
  deadLetterBytes: 1000,
});
for (let at = 0; at < 12; at += 2) {
  const letters = [at, at + 1].map((number) => ({ reason: "not JSON", text: `${number} ${"x".repeat(100)}` }));
  store.keepDeadLetters({ console: "acme", feed: "activities" }, letters);
  writeSync(1, `${at}\n${at + 1}\n`);
}
store.close();
