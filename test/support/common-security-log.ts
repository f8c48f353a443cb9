import { decodeCef } from "./cef-decoder.ts";

/**
 * A row of Microsoft Sentinel's CommonSecurityLog, made of what rsyslog hands to the Azure Monitor Agent. Neither the
 * agent nor the service can run here: this is what Microsoft documents of them (CEF key mapping, "CEF via AMA"), made
 * strict. What the agent would have to guess is refused.
 */
export type Row = Readonly<Record<string, string>>;

/** `AMA_RSYSLOG_TraditionalForwardFormat` of a message with the tag `CEF:`. */
const FORWARDED = /^<(\d{1,3})>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\S+) CEF: (0\|.*)$/;

const FACILITY_LOCAL4 = 20;

export function commonSecurityLogRow(forwarded: string): Row {
  const [, pri = "", host = "", body = ""] = FORWARDED.exec(forwarded) ?? [];
  if (body === "") throw new Error(`not what the agent takes for CEF: ${forwarded.slice(0, 120)}`);
  if (Math.floor(Number(pri) / 8) !== FACILITY_LOCAL4) throw new Error(`dropped by the rule: PRI ${pri}`);
  const { extension, ...header } = decodeCef(`CEF:${body}`);
  const row: Record<string, string> = {
    Computer: host,
    DeviceVendor: header.deviceVendor,
    DeviceProduct: header.deviceProduct,
    DeviceVersion: header.deviceVersion,
    DeviceEventClassID: header.classId,
    Activity: header.name,
    LogSeverity: String(header.severity),
  };
  const others: string[] = [];
  for (const [key, value] of extension) {
    const column = columnOf(key);
    if (column === undefined) others.push(`${key}=${value}`);
    else row[column] = value;
  }
  row["AdditionalExtensions"] = others.join(";");
  return row;
}

function columnOf(key: string): string | undefined {
  const [, number, label = ""] = /^cs([1-6])(Label)?$/.exec(key) ?? [];
  if (number !== undefined) return `DeviceCustomString${number}${label}`;
  const [, date, dateLabel = ""] = /^deviceCustomDate([12])(Label)?$/.exec(key) ?? [];
  if (date !== undefined) return `DeviceCustomDate${date}${dateLabel}`;
  const [, address, addressLabel = ""] = /^c6a([1-4])(Label)?$/.exec(key) ?? [];
  if (address !== undefined) return `DeviceCustomIPv6Address${address}${addressLabel}`;
  return COLUMNS[key];
}

/** Microsoft's CEF key mapping, for the keys that events of the bridge carry. */
const COLUMNS: Readonly<Record<string, string>> = {
  act: "DeviceAction",
  cat: "DeviceEventCategory",
  destinationTranslatedAddress: "DestinationTranslatedAddress",
  dhost: "DestinationHostName",
  dmac: "DestinationMACAddress",
  dntdom: "DestinationNTDomain",
  dst: "DestinationIP",
  duser: "DestinationUserName",
  externalId: "ExtID",
  fileHash: "FileHash",
  filePath: "FilePath",
  fileType: "FileType",
  fname: "FileName",
  fsize: "FileSize",
  msg: "Message",
  outcome: "EventOutcome",
  reason: "Reason",
  rt: "ReceiptTime",
  spid: "SourceProcessId",
  sproc: "SourceProcessName",
  src: "SourceIP",
  start: "StartTime",
  suid: "SourceUserID",
  suser: "SourceUserName",
};
