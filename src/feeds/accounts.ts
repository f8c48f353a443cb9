import { objectTable } from "../cef/mapping/object.ts";
import { asFlag } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";

/** A token of a site is refused: it gets the accounts that its sites name. */
export const accounts: FeedDefinition = {
  name: "accounts",
  description: "Accounts of the console.",
  forwards:
    "each account at first sight and when it has changed; the endpoints and licences in use do not count as a change. With the token of a site: the id and name of its account",
  permission: "Accounts.view",
  every: "1h",
  start: "now",
  source: {
    read: "list",
    path: "accounts",
    scopes: ["accountIds"],
    volatile: [
      "activeAgents",
      "activeLicenses",
      "agentsInCompleteSku",
      "agentsInControlSku",
      "agentsInCoreSku",
      "numberOfSites",
    ],
    otherwise: {
      path: "sites",
      within: "sites",
      scopes: ["accountIds", "siteIds"],
      make: ({ accountId, accountName = null }) =>
        typeof accountId === "string" && accountId !== "" ? { id: accountId, name: accountName } : undefined,
    },
  },
  mapping: {
    noun: "Account",
    named: "accountName",
    table: objectTable(
      [
        { key: "act", from: ["state"] },
        { key: "suser", from: ["creator"] },
        { key: "deviceCustomDate1", from: ["expiration"], label: "expiration" },
        { key: "cs1", from: ["accountType"], label: "accountType" },
        { key: "cs2", from: ["usageType"], label: "usageType" },
        { key: "cs3", from: ["billingMode"], label: "billingMode" },
        { key: "cn1", from: ["activeAgents"], label: "activeAgents" },
        { key: "cn2", from: ["totalLicenses"], label: "totalLicenses" },
        { key: "cn3", from: ["numberOfSites"], label: "numberOfSites" },
        { key: "S1externalId", from: ["externalId"] },
        { key: "S1unlimitedExpiration", from: ["unlimitedExpiration"], as: asFlag },
        { key: "S1isDefault", from: ["isDefault"], as: asFlag },
      ],
      [
        { key: "accountId", from: ["id"] },
        { key: "accountName", from: ["name"] },
      ],
      ["createdAt"],
    ),
  },
};
