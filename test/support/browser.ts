import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type Page, chromium } from "playwright-core";

export type { Page } from "playwright-core";

/** Debian's. */
export const CHROMIUM = process.env["S1BRIDGE_CHROMIUM"] ?? "/usr/bin/chromium";

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colours?: "light" | "dark";
}

/** A browser with nothing in it. Disposing of it ends it and removes its folder. */
export class Browser implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #folder: string;
  /** What pages have said to their consoles as errors or warnings, and what they asked for beyond their own server. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, folder: string) {
    this.#context = context;
    this.#folder = folder;
  }

  static async start(): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), "s1bridge-browser-"));
    const context = await chromium.launchPersistentContext(folder, {
      executablePath: CHROMIUM,
      headless: true,
      args: QUIET,
    });
    return new Browser(context, folder);
  }

  async open(url: string, { width = 1280, height = 900, colours = "light" }: Look = {}): Promise<Page> {
    const page = await this.#context.newPage();
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: colours });
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      const asked = request.url();
      if (!asked.startsWith(`${new URL(url).origin}/`) && !asked.startsWith("data:") && asked !== url)
        this.complaints.push(`asked for ${asked}`);
    });
    await page.goto(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What axe finds wrong with a page for people who do not see it, or not well. */
export async function violations(page: Page): Promise<readonly string[]> {
  // As the debugger's, the script is not subject to the page's policy.
  const found = (await page.evaluate(`${AXE}; axe.run(document, { resultTypes: ["violations"] })`)) as {
    readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
  };
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
