import type { Table } from "./table.ts";

/** Objects of feeds without a table of their own: where they belong to, and the rest in `S1data`. */
export const OBJECTS: Table = {
  rows: [],
  trailer: [
    { key: "siteId", from: ["siteId"] },
    { key: "siteName", from: ["siteName"] },
    { key: "accountId", from: ["accountId"] },
    { key: "accountName", from: ["accountName"] },
  ],
  leftovers: { section: "", sameAs: {}, drop: ["id", "siteId", "siteName", "accountId", "accountName"] },
};
