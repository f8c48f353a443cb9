import { isIPv4, isIPv6 } from "node:net";

/**
 * A strict decoder of CEF version 0, written from the CEF Implementation Standard (document version 27) and from nothing
 * else: the oracle of our tests. It refuses what a lenient consumer would guess at, and every key of a wrong type or
 * length.
 */
export interface DecodedCef {
  readonly deviceVendor: string;
  readonly deviceProduct: string;
  readonly deviceVersion: string;
  readonly classId: string;
  readonly name: string;
  readonly severity: number;
  /** In the order of the message. */
  readonly extension: ReadonlyMap<string, string>;
}

export class CefFault extends Error {}

const HEADER_LENGTHS = [63, 63, 31, 1023, 512];

/** Decodes the part from `CEF:` to the end; throws a CefFault for anything that the standard does not allow. */
export function decodeCef(text: string): DecodedCef {
  requireThat(text.isWellFormed(), "the text is not valid Unicode");
  requireThat(!/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(text), "a control character");
  const { fields, rest } = splitHeader(text);
  const [version, ...names] = fields;
  requireThat(version === "CEF:0", `version ${String(version)}`);
  for (const [index, maxLength] of HEADER_LENGTHS.entries()) {
    const length = names[index]?.length ?? 0;
    requireThat(length > 0 && length <= maxLength, `header field ${index + 1} has ${length} characters`);
  }
  const [deviceVendor = "", deviceProduct = "", deviceVersion = "", classId = "", name = "", severity = ""] = names;
  requireThat(/^(?:[0-9]|10)$/.test(severity), `severity ${severity}`);
  const extension = splitExtension(rest);
  for (const [key, value] of extension) checkKey(key, value);
  return { deviceVendor, deviceProduct, deviceVersion, classId, name, severity: Number(severity), extension };
}

/** The CEF part of a message with a syslog header in front of it. */
export function cefPart(message: string): string {
  const start = message.indexOf("CEF:");
  requireThat(start !== -1, "no CEF:");
  return message.slice(start);
}

function splitHeader(text: string): { fields: string[]; rest: string } {
  const fields: string[] = [];
  let field = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "\\") {
      index += 1;
      const escaped = text[index] ?? "";
      requireThat(escaped === "\\" || escaped === "|", `header escape \\${escaped}`);
      field += escaped;
    } else if (character === "|") {
      fields.push(field);
      field = "";
      if (fields.length === 7) return { fields, rest: text.slice(index + 1) };
    } else {
      field += character;
    }
  }
  throw new CefFault(`${fields.length} header fields`);
}

/** A key is what stands between a space (or the start) and an equals sign that is not escaped. */
function splitExtension(text: string): Map<string, string> {
  const extension = new Map<string, string>();
  const starts: { key: string; keyAt: number; valueAt: number }[] = [];
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "\\") {
      const escaped = text[index + 1] ?? "";
      requireThat("\\=nr".includes(escaped) && escaped !== "", `extension escape \\${escaped}`);
      index += 1;
    } else if (text[index] === "=") {
      const keyAt = text.lastIndexOf(" ", index) + 1;
      const key = text.slice(keyAt, index);
      requireThat(/^[A-Za-z0-9]+$/.test(key), `key ${JSON.stringify(key)}`);
      starts.push({ key, keyAt, valueAt: index + 1 });
    }
  }
  requireThat(starts[0]?.keyAt === 0, "the extension does not begin with a key");
  for (const [index, { key, valueAt }] of starts.entries()) {
    const next = starts[index + 1];
    const raw = text.slice(valueAt, next === undefined ? undefined : next.keyAt - 1);
    requireThat(raw !== "", `${key} is empty`);
    requireThat(!raw.endsWith(" "), `${key} ends with a space`);
    requireThat(!extension.has(key), `${key} stands twice`);
    extension.set(
      key,
      raw.replace(/\\(.)/g, (_all, escaped: string) => UNESCAPED[escaped] ?? ""),
    );
  }
  return extension;
}

const UNESCAPED: Readonly<Record<string, string>> = { "\\": "\\", "=": "=", n: "\n", r: "\r" };

/** What SentinelOne's own messages carry besides the dictionary. */
const NATIVE = new Set(
  "activityID activityType siteId siteName accountId accountName notificationScope osName".split(" "),
);

function checkKey(key: string, value: string): void {
  const check = CHECKS.get(key);
  if (check !== undefined) {
    requireThat(check(value), `${key} can not be ${JSON.stringify(value.slice(0, 80))}`);
    return;
  }
  requireThat(!FORBIDDEN.has(key), `${key} means something else, or is for consumers only`);
  requireThat(NATIVE.has(key) || key.startsWith("S1"), `${key} is neither of the dictionary nor ours`);
  requireThat(!value.includes(";"), `${key} holds a semicolon`);
}

/** String keys by their longest length. */
const LENGTHS: Readonly<Record<number, string>> = {
  100: "dvchost",
  1023:
    "c6a1Label c6a3Label c6a4Label cat cfp1Label cfp2Label cfp3Label cfp4Label cn1Label cn2Label cn3Label " +
    "cs1Label cs2Label cs3Label cs4Label cs5Label cs6Label destinationServiceName deviceCustomDate1Label " +
    "deviceCustomDate2Label deviceFacility deviceProcessName dhost dpriv dproc duid duser fileId filePath " +
    "filePermission fileType flexString1 flexString2 fname msg oldFileId oldFileName oldFilePath " +
    "oldFilePermission oldFileType reason request requestClientApplication requestCookies requestMethod " +
    "shost sourceServiceName spriv sproc suid suser c6a2Label",
  128:
    "deviceInboundInterface deviceOutboundInterface devicePayloadId flexDate1Label flexString1Label " +
    "flexString2Label",
  2048: "requestContext",
  255:
    "destinationDnsDomain deviceDnsDomain deviceExternalId deviceNtDomain dntdom dtz fileHash oldFileHash " +
    "sntdom sourceDnsDomain",
  31: "app proto",
  40: "externalId",
  4000: "cs1 cs2 cs3 cs4 cs5 cs6",
  63: "act outcome",
};

const TYPES: Readonly<Record<string, string>> = {
  double: "cfp1 cfp2 cfp3 cfp4",
  integer:
    "cnt destinationTranslatedPort deviceDirection dpid dpt dvcpid fsize in oldFileSize out " +
    "sourceTranslatedPort spid spt type",
  ipv4_address: "destinationTranslatedAddress deviceTranslatedAddress dst dvc sourceTranslatedAddress src",
  ipv6_address: "c6a1 c6a3 c6a4 c6a2",
  long: "cn1 cn2 cn3",
  mac_address: "dmac smac dvcmac",
  timestamp:
    "deviceCustomDate1 deviceCustomDate2 end fileCreateTime fileModificationTime flexDate1 " +
    "oldFileCreateTime oldFileModificationTime rt start",
};

const TYPE_CHECKS: Readonly<Record<string, (value: string) => boolean>> = {
  integer: (value) => /^-?\d+$/.test(value) && Number(value) === (Number(value) | 0),
  long: (value) => /^-?\d+$/.test(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value),
  double: (value) => /^-?\d+(?:\.\d+)?$/.test(value),
  ipv4_address: isIPv4,
  ipv6_address: isIPv6,
  mac_address: (value) => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(value),
  // Milliseconds, or the two forms of the native `rt`.
  timestamp: (value) =>
    /^\d{1,15}$/.test(value) ||
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(value) ||
    /^#arcsightDate\((?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d UTC\)$/.test(value),
};

const CHECKS = new Map<string, (value: string) => boolean>([
  ...Object.entries(LENGTHS).flatMap(([length, keys]) =>
    keys.split(" ").map((key) => [key, (value: string) => value.length <= Number(length)] as const),
  ),
  ...Object.entries(TYPES).flatMap(([type, keys]) =>
    keys.split(" ").map((key) => [key, TYPE_CHECKS[type] ?? (() => false)] as const),
  ),
]);

/** Consumer keys, keys of CEF 1.2, and full names. */
const FORBIDDEN: ReadonlySet<string> = new Set(
  `agentAddress agentDnsDomain agentHostName agentId agentMacAddress agentNtDomain agentReceiptTime agentTimeZone
agentTranslatedAddress agentTranslatedZoneExternalID agentTranslatedZoneKey agentTranslatedZoneURI agentType
agentVersion agentZoneExternalID agentZoneKey agentZoneURI agt ahost aid amac applicationProtocol art at atz
av baseEventCount bytesIn bytesOut customerExternalID customerKey customerURI dTranslatedZoneKey dZoneKey
destinationAddress destinationGeoLatitude destinationGeoLongitude destinationHostName destinationNtDomain
destinationPort destinationProcessId destinationProcessName destinationTranslatedZoneExternalID
destinationTranslatedZoneURI destinationUserId destinationUserName destinationUserPrivileges
destinationZoneExternalID destinationZoneURI deviceAction deviceAddress deviceCustomFloatingPoint1
deviceCustomFloatingPoint1Label deviceCustomFloatingPoint2 deviceCustomFloatingPoint2Label
deviceCustomFloatingPoint3 deviceCustomFloatingPoint3Label deviceCustomFloatingPoint4
deviceCustomFloatingPoint4Label deviceCustomIPv6Address1 deviceCustomIPv6Address1Label
deviceCustomIPv6Address3 deviceCustomIPv6Address3Label deviceCustomIPv6Address4 deviceCustomIPv6Address4Label
deviceCustomNumber1 deviceCustomNumber1Label deviceCustomNumber2 deviceCustomNumber2Label deviceCustomNumber3
deviceCustomNumber3Label deviceCustomString1 deviceCustomString1Label deviceCustomString2
deviceCustomString2Label deviceCustomString3 deviceCustomString3Label deviceCustomString4
deviceCustomString4Label deviceCustomString5 deviceCustomString5Label deviceCustomString6
deviceCustomString6Label deviceEventCategory deviceHostName deviceMacAddress deviceProcessId deviceReceiptTime
deviceTimeZone deviceTranslatedZoneExternalID deviceTranslatedZoneKey deviceTranslatedZoneURI
deviceZoneExternalID deviceZoneKey deviceZoneURI dlat dlong endTime eventId eventOutcome fileSize filename
frameworkName message rawEvent reportedDuration reportedResourceGroupName reportedResourceID
reportedResourceName reportedResourceType requestUrl sTranslatedZoneKey sZoneKey slat slong sourceAddress
sourceGeoLatitude sourceGeoLongitude sourceHostName sourceMacAddress sourceNtDomain sourcePort sourceProcessId
sourceProcessName sourceTranslatedZoneExternalID sourceTranslatedZoneURI sourceUserId sourceUserName
sourceUserPrivileges sourceZoneExternalID sourceZoneURI startTime threatActor threatAttackID transportProtocol`.split(
    /\s+/,
  ),
);

function requireThat(condition: boolean, fault: string): asserts condition {
  if (!condition) throw new CefFault(fault);
}
