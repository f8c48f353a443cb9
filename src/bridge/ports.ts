/**
 * What the bridge needs from the outside. `assemble.ts` brings the adapters; they know only these shapes and never each
 * other. The invariants that hold between them stand in docs/architecture.md.
 *
 * The three that carry events, in the order in which these pass: a feed gives pages, the spool keeps them and gives batches,
 * a collector takes these and confirms them.
 */
export type * from "./ports/feed.ts";
export type * from "./ports/page.ts";
export type * from "./ports/spool.ts";
export type * from "./ports/collector.ts";

/** Beside them: the feed's past, told from what is kept of it, and what status and metrics are made of. */
export * from "./ports/audit.ts";
export type * from "./ports/jobs.ts";
export type * from "./ports/survey.ts";
export type * from "./ports/surroundings.ts";
