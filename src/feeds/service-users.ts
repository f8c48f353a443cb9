import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";
import { roles, scopeOfUser } from "./roles.ts";

export const serviceUsers: FeedDefinition = {
  name: "service_users",
  description: "Service users and the expiry of their tokens.",
  forwards:
    "each service user at first sight and when a role, the token's dates or anything else but its use has changed",
  permission: "Service Users.view (not part of the role Viewer)",
  every: "15m",
  start: "now",
  source: {
    read: "list",
    path: "service-users",
    scopes: ["accountIds", "siteIds"],
    belongs: scopeOfUser,
    volatile: ["lastActivation"],
  },
  mapping: {
    noun: "Service user",
    named: "duser",
    table: objectTable(
      [
        { key: "suser", from: ["updatedBy.name", "createdBy.name"], as: asWord, note: "who changed it last" },
        { key: "duser", from: ["name"], as: asWord, note: "the service user" },
        { key: "duid", from: ["id"] },
        { key: "deviceCustomDate1", from: ["lastActivation"], label: "lastActivation" },
        { key: "deviceCustomDate2", from: ["apiToken.expiresAt"], label: "apiTokenExpiresAt" },
        { key: "cs2", from: ["scopeRoles"], as: roles, label: "role" },
        { key: "cs3", from: ["scope"], label: "scope" },
        { key: "S1description", from: ["description"] },
        { key: "S1createdBy", from: ["createdBy.name"] },
      ],
      SCOPE,
      ["createdAt", "apiToken", "scopeRoles", "createdBy", "updatedBy"],
    ),
  },
};
