import type { TypeName } from "../bridge/ports.ts";
import type { ConsoleClient } from "./client.ts";

/** What the console calls its activity types: some 700, more with each release. Those without a sound name are left out. */
export async function readActivityTypes(client: ConsoleClient, signal: AbortSignal): Promise<TypeName[]> {
  const { data } = JSON.parse((await client.get("activities/types", {}, signal)).body.text) as { data?: unknown };
  return (Array.isArray(data) ? (data as readonly ({ id?: unknown; action?: unknown } | null)[]) : []).flatMap(
    (type) => {
      const { id, action } = type ?? {};
      const isSound = Number.isSafeInteger(id) && typeof action === "string" && action.trim() !== "";
      return isSound ? [[id as number, action.trim()] as const] : [];
    },
  );
}
