import { createHash } from "node:crypto";
import { ADVICE } from "./advice.generated.ts";
import { MARKUP, SCRIPT, STYLE } from "./page.generated.ts";

/** The page on `/`: one text with everything in it. Its sources stand in page/; `npm run generate` puts them together. */
export function statusPage(): string {
  return PAGE;
}

const PAGE = MARKUP.replace("<style></style>", () => `<style>${STYLE}</style>`)
  .replace("<script></script>", () => `<script>${SCRIPT}</script>`)
  .replace('id="advice">', (tag) => tag + JSON.stringify(ADVICE).replaceAll("<", "\\u003c"));

/**
 * Nothing but this very script and style runs, nothing is loaded from or sent to anywhere else, no other page may frame it, and
 * the browser itself refuses to make markup of a text.
 */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const PAGE_HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
} as const;

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
