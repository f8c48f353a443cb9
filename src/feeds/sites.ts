import { objectTable } from "../cef/mapping/object.ts";
import { asFlag } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

/** No filter by time, and few: the whole list is read. Licences in use come and go with the endpoints. */
export const sites: FeedDefinition = {
  name: "sites",
  description: "Sites of the account.",
  forwards: "each site at first sight and when it has changed; the licences in use do not count as a change",
  permission: "Sites.view",
  every: "15m",
  start: "now",
  source: {
    read: "list",
    path: "sites",
    within: "sites",
    scopes: ["accountIds", "siteIds"],
    volatile: ["activeLicenses", "healthStatus"],
  },
  mapping: {
    noun: "Site",
    named: "siteName",
    table: objectTable(
      [
        { key: "act", from: ["state"] },
        { key: "suser", from: ["creator"] },
        { key: "deviceCustomDate1", from: ["expiration"], label: "expiration" },
        { key: "cs1", from: ["siteType"], label: "siteType" },
        { key: "cs2", from: ["sku", "suite"], label: "sku" },
        { key: "cn1", from: ["activeLicenses"], label: "activeLicenses" },
        { key: "cn2", from: ["totalLicenses"], label: "totalLicenses" },
        { key: "S1description", from: ["description"] },
        { key: "S1externalId", from: ["externalId"] },
        { key: "S1unlimitedExpiration", from: ["unlimitedExpiration"], as: asFlag },
        { key: "S1unlimitedLicenses", from: ["unlimitedLicenses"], as: asFlag },
        { key: "S1isDefault", from: ["isDefault"], as: asFlag },
      ],
      [
        { key: "siteId", from: ["id"] },
        { key: "siteName", from: ["name"] },
        { key: "accountId", from: ["accountId"] },
        { key: "accountName", from: ["accountName"] },
      ],
      ["createdAt", "healthStatus"],
    ),
  },
};
