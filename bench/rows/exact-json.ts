import { benchExactJson } from "../exact-json.ts";
import type { Row } from "./row.ts";

export const exactJson: Row = {
  name: "exact-json",
  about: "what exact integers cost, against bare JSON.parse",
  run() {
    const pages = benchExactJson().map((page) => ({ ...page, ratio: page.exactMs / page.parseMs }));
    const lines = pages.map(
      ({ page, parseMs, exactMs, ratio }) =>
        `page of 1,000 ${page}: JSON.parse ${parseMs.toFixed(1)} ms, exact ${exactMs.toFixed(1)} ms, ratio ${ratio.toFixed(2)}`,
    );
    return Promise.resolve({ figures: { pages }, lines });
  },
};
