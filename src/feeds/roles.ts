import { asText, isObject } from "../cef/reading.ts";
import type { JsonRecord, JsonValue } from "../event/event.ts";

/** `Viewer on Default site, Admin on Lab`, from the roles of a user. */
export function roles(value: JsonValue): string | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = (value as readonly JsonValue[]).map((item) => {
    if (!isObject(item)) return asText(item);
    const role = asText(item["roleName"] ?? null) ?? asText(item["roles"] ?? null) ?? asText(item["roleId"] ?? null);
    const scope = asText(item["name"] ?? null) ?? asText(item["id"] ?? null);
    return role === undefined || scope === undefined ? (role ?? scope) : `${role} on ${scope}`;
  });
  const known = texts.filter((text) => text !== undefined);
  return known.length === 0 ? undefined : known.join(", ");
}

/** Where a user belongs that has a role in one site or account only. */
export function scopeOfUser({ scope, scopeRoles }: JsonRecord): JsonRecord {
  if (!Array.isArray(scopeRoles) || scopeRoles.length !== 1) return {};
  const [role] = scopeRoles as readonly JsonValue[];
  if (!isObject(role)) return {};
  const { id = null, name = null, accountName = null } = role;
  if (scope === "site") return { siteId: id, siteName: name, accountName };
  return scope === "account" ? { accountId: id, accountName: name } : {};
}
