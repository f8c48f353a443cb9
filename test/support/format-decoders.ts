/**
 * Strict decoders of the formats beside CEF, written from their descriptions: RFC 5424, LEEF 2.0, and the public samples
 * of SentinelOne's CEF:2. All give the fields in the order of the message and throw for what a reader would guess at.
 */

export interface Decoded {
  /** What stands before the fields, part by part. */
  readonly head: readonly string[];
  readonly fields: ReadonlyMap<string, string>;
  /** The text behind them. */
  readonly text: string;
}

export function decodeLeef(body: string): Decoded {
  const [version, vendor, product, productVersion, eventId, delimiter, ...rest] = body.split("|");
  must(version === "LEEF:2.0", "version");
  const head = [vendor, product, productVersion, eventId].map((field) => field ?? "");
  must(
    head.every((field) => field !== "" && !field.includes("^")),
    "header",
  );
  must(delimiter?.length === 1, "delimiter");
  // A pipe means nothing behind the sixth.
  const fields = pairs(rest.join("|").split(delimiter ?? ""));
  must(/^(?:[1-9]|10)$/.test(fields.get("sev") ?? ""), "sev");
  must(/^\d{13}$/.test(fields.get("devTime") ?? ""), "devTime");
  return { head, fields, text: "" };
}

export function decodeCef2(body: string): Decoded {
  const [version, vendor, product, os, ...rest] = body.split("|");
  must(version === "CEF:2", "version");
  return { head: [vendor ?? "", product ?? "", os ?? ""], fields: pairs(rest), text: "" };
}

function pairs(texts: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const text of texts) {
    const [, key = "", value = ""] = /^([A-Za-z0-9_]+)=(.+)$/u.exec(text) ?? [];
    must(key !== "", `not key=value: ${text.slice(0, 80)}`);
    must(!fields.has(key), `${key} twice`);
    must(value === value.trim(), `${key} has spaces at its ends`);
    fields.set(key, value);
  }
  return fields;
}

export interface DecodedSyslog {
  readonly pri: number;
  readonly hostname: string;
  readonly appName: string;
  readonly msgId: string;
  /** Behind MSGID and its space. */
  readonly rest: string;
}

const HEADER = /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}) ([!-~]{1,48}) [!-~]{1,128} ([!-~]{1,32}) /;

export function decodeSyslog(message: string): DecodedSyslog {
  const [whole = "", pri = "", time = "", hostname = "", appName = "", msgId = ""] = HEADER.exec(message) ?? [];
  must(whole !== "", "not an RFC 5424 header");
  must(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time), "time");
  return { pri: Number(pri), hostname, appName, msgId, rest: message.slice(whole.length) };
}

/** Structured data and the text behind it (RFC 5424 section 6.3). `head` has the SD-IDs. */
export function decodeStructuredData(body: string): Decoded {
  const head: string[] = [];
  const fields = new Map<string, string>();
  let rest = body;
  while (rest.startsWith("[")) {
    const [id = ""] = /^\[[^\s"\]=]{1,32}(?=[ \]])/.exec(rest) ?? [];
    must(id !== "", `SD-ID: ${rest.slice(0, 60)}`);
    must(!head.includes(id.slice(1)), `${id} twice`);
    head.push(id.slice(1));
    rest = rest.slice(id.length);
    for (;;) {
      const parameter = /^ ([^\s"\]=]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"/.exec(rest);
      if (parameter === null) break;
      const [whole, key = "", value = ""] = parameter;
      must(!fields.has(key), `${key} twice`);
      fields.set(key, value.replace(/\\(.)/g, "$1"));
      rest = rest.slice(whole.length);
    }
    must(rest.startsWith("]"), `parameter: ${rest.slice(0, 60)}`);
    rest = rest.slice(1);
  }
  must(head.length > 0 && (rest === "" || rest.startsWith(" ")), "the end of the structured data");
  return { head, fields, text: rest.slice(1) };
}

export function decodeJson(body: string): Decoded {
  const value = JSON.parse(body) as Record<string, unknown>;
  must(JSON.stringify(value) === body, "a key twice, or spaces");
  const fields = new Map<string, string>();
  for (const [key, member] of Object.entries(value)) {
    must(typeof member === "string" || Number.isFinite(member), `${key} is neither text nor a number`);
    fields.set(key, String(member));
  }
  return { head: [], fields, text: "" };
}

function must(condition: boolean, fault: string): void {
  if (!condition) throw new Error(`not valid: ${fault}`);
}
