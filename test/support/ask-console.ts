import type { DemoConsole } from "../../src/demo/console/console.ts";

export interface Envelope {
  readonly data: { readonly id: string; readonly createdAt: string; readonly activityType: number }[];
  readonly pagination: { readonly nextCursor?: string | null; readonly totalItems: number | null };
  readonly errors?: { readonly code: number; readonly detail: string }[];
}

/** The token that tests give their consoles. */
export const TOKEN = "secret";

/** One request to the API, as a client without any cleverness makes it. */
export function ask(console: DemoConsole, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${console.url}/web/api/v2.1${path}`, {
    headers: { authorization: `ApiToken ${TOKEN}`, ...headers },
    redirect: "manual",
  });
}

/** A page, which must be one. */
export async function list(console: DemoConsole, path: string): Promise<Envelope> {
  const response = await ask(console, path);
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Envelope;
}

/** The ids of all pages. `resend` is what the client does to a cursor before it gives it back. */
export async function allIds(
  console: DemoConsole,
  path: string,
  resend: (cursor: string) => string = (cursor) => cursor,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = "";
  do {
    const page: Envelope = await list(console, cursor === "" ? path : `${path}&cursor=${resend(cursor)}`);
    ids.push(...page.data.map(({ id }) => id));
    cursor = page.pagination.nextCursor ?? null;
  } while (cursor !== null);
  return ids;
}

/** The detail of a validation error, which the answer must be. */
export async function refusal(console: DemoConsole, path: string): Promise<string | undefined> {
  const response = await ask(console, path);
  const [error] = ((await response.json()) as Envelope).errors ?? [];
  if (response.status !== 400 || error?.code !== 4000010) throw new Error(`${path}: ${response.status}`);
  return error.detail;
}
