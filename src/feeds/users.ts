import { SCOPE, objectTable } from "../cef/mapping/object.ts";
import { asWord } from "../cef/reading.ts";
import type { FeedDefinition } from "./definition.ts";
import { roles, scopeOfUser } from "./roles.ts";

export const users: FeedDefinition = {
  name: "users",
  description: "Console users, their roles and their second factor.",
  forwards:
    "each user at first sight and when a role, the second factor, the API token's dates or anything else but a login has changed",
  permission: "Users.view (not part of the role Viewer)",
  every: "15m",
  start: "now",
  source: {
    read: "list",
    path: "users",
    scopes: ["accountIds", "siteIds"],
    belongs: scopeOfUser,
    volatile: ["lastLogin", "firstLogin", "lastActivation"],
  },
  mapping: {
    noun: "User",
    named: "duser",
    table: objectTable(
      [
        { key: "duser", from: ["email", "fullName"], as: asWord, note: "the user" },
        { key: "duid", from: ["id"] },
        { key: "deviceCustomDate1", from: ["lastLogin"], label: "lastLogin" },
        { key: "deviceCustomDate2", from: ["apiToken.expiresAt"], label: "apiTokenExpiresAt" },
        { key: "cs1", from: ["fullName"], label: "fullName" },
        { key: "cs2", from: ["scopeRoles", "siteRoles", "tenantRoles"], as: roles, label: "role" },
        { key: "cs3", from: ["scope"], label: "scope" },
        { key: "cs4", from: ["twoFaStatus"], label: "twoFaStatus" },
        { key: "cs5", from: ["source"], label: "source" },
        { key: "S1twoFaEnabled", from: ["twoFaEnabled"], note: "off is the news here, so both are told" },
        { key: "S1twoFaMethod", from: ["primaryTwoFaMethod"] },
        { key: "S1canGenerateToken", from: ["canGenerateApiToken"] },
      ],
      SCOPE,
      [
        "agreementUrl",
        "allowRemoteShell",
        "apiToken",
        "groupsReadOnly",
        "lowestRole",
        "scopeRoles",
        "siteRoles",
        "tenantRoles",
      ],
    ),
  },
};
