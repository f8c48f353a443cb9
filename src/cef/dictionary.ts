/**
 * The keys of the CEF Implementation Standard (document version 27, CEF version 0) as data.
 *
 * Two misprints of its table are mended: `c6a2` is used there but not listed, and `dvcmac` is missing.
 */

export type KeyType = "string" | "integer" | "long" | "double" | "ipv4" | "ipv6" | "mac" | "time";

export interface DictionaryKey {
  readonly type: KeyType;
  /** Characters of the unescaped value; strings only. */
  readonly maxLength: number;
}

/** What a producer may write. */
export function dictionaryKey(key: string): DictionaryKey | undefined {
  return PRODUCER_KEYS.get(key);
}

/** False for a name that the dictionary knows as a key or as a full name: it would mean something else there. */
export function isCustomKey(key: string): boolean {
  return /^[A-Za-z0-9]+$/.test(key) && !PRODUCER_KEYS.has(key) && !RESERVED_NAMES.has(key);
}

/** One key a line: name, type, length of a string. */
const PRODUCER_TABLE = `act string 63
app string 31
c6a1 ipv6
c6a1Label string 1023
c6a2 ipv6
c6a2Label string 1023
c6a3 ipv6
c6a3Label string 1023
c6a4 ipv6
c6a4Label string 1023
cat string 1023
cfp1 double
cfp1Label string 1023
cfp2 double
cfp2Label string 1023
cfp3 double
cfp3Label string 1023
cfp4 double
cfp4Label string 1023
cn1 long
cn1Label string 1023
cn2 long
cn2Label string 1023
cn3 long
cn3Label string 1023
cnt integer
cs1 string 4000
cs1Label string 1023
cs2 string 4000
cs2Label string 1023
cs3 string 4000
cs3Label string 1023
cs4 string 4000
cs4Label string 1023
cs5 string 4000
cs5Label string 1023
cs6 string 4000
cs6Label string 1023
destinationDnsDomain string 255
destinationServiceName string 1023
destinationTranslatedAddress ipv4
destinationTranslatedPort integer
deviceCustomDate1 time
deviceCustomDate1Label string 1023
deviceCustomDate2 time
deviceCustomDate2Label string 1023
deviceDirection integer
deviceDnsDomain string 255
deviceExternalId string 255
deviceFacility string 1023
deviceInboundInterface string 128
deviceNtDomain string 255
deviceOutboundInterface string 128
devicePayloadId string 128
deviceProcessName string 1023
deviceTranslatedAddress ipv4
dhost string 1023
dmac mac
dntdom string 255
dpid integer
dpriv string 1023
dproc string 1023
dpt integer
dst ipv4
dtz string 255
duid string 1023
duser string 1023
dvc ipv4
dvchost string 100
dvcmac mac
dvcpid integer
end time
externalId string 40
fileCreateTime time
fileHash string 255
fileId string 1023
fileModificationTime time
filePath string 1023
filePermission string 1023
fileType string 1023
flexDate1 time
flexDate1Label string 128
flexString1 string 1023
flexString1Label string 128
flexString2 string 1023
flexString2Label string 128
fname string 1023
fsize integer
in integer
msg string 1023
oldFileCreateTime time
oldFileHash string 255
oldFileId string 1023
oldFileModificationTime time
oldFileName string 1023
oldFilePath string 1023
oldFilePermission string 1023
oldFileSize integer
oldFileType string 1023
out integer
outcome string 63
proto string 31
reason string 1023
request string 1023
requestClientApplication string 1023
requestContext string 2048
requestCookies string 1023
requestMethod string 1023
rt time
shost string 1023
smac mac
sntdom string 255
sourceDnsDomain string 255
sourceServiceName string 1023
sourceTranslatedAddress ipv4
sourceTranslatedPort integer
spid integer
spriv string 1023
sproc string 1023
spt integer
src ipv4
start time
suid string 1023
suser string 1023
type integer
`;

/** Full names of producer keys, the keys that only a consumer may write, and the keys of CEF 1.2. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(
  `agentAddress agentDnsDomain agentHostName agentId agentMacAddress agentNtDomain agentReceiptTime agentTimeZone
agentTranslatedAddress agentTranslatedZoneExternalID agentTranslatedZoneKey agentTranslatedZoneURI agentType
agentVersion agentZoneExternalID agentZoneKey agentZoneURI agt ahost aid amac applicationProtocol art at atz
av baseEventCount bytesIn bytesOut customerExternalID customerKey customerURI dTranslatedZoneKey dZoneKey
destinationAddress destinationGeoLatitude destinationGeoLongitude destinationHostName destinationMacAddress
destinationNtDomain destinationPort destinationProcessId destinationProcessName
destinationTranslatedZoneExternalID destinationTranslatedZoneURI destinationUserId destinationUserName
destinationUserPrivileges destinationZoneExternalID destinationZoneURI deviceAction deviceAddress
deviceCustomFloatingPoint1 deviceCustomFloatingPoint1Label deviceCustomFloatingPoint2
deviceCustomFloatingPoint2Label deviceCustomFloatingPoint3 deviceCustomFloatingPoint3Label
deviceCustomFloatingPoint4 deviceCustomFloatingPoint4Label deviceCustomIPv6Address1
deviceCustomIPv6Address1Label deviceCustomIPv6Address2 deviceCustomIPv6Address2Label deviceCustomIPv6Address3
deviceCustomIPv6Address3Label deviceCustomIPv6Address4 deviceCustomIPv6Address4Label deviceCustomNumber1
deviceCustomNumber1Label deviceCustomNumber2 deviceCustomNumber2Label deviceCustomNumber3
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

const PRODUCER_KEYS: ReadonlyMap<string, DictionaryKey> = new Map(
  PRODUCER_TABLE.trim()
    .split("\n")
    .map((line) => {
      const [key = "", type = "string", length = "Infinity"] = line.split(" ");
      return [key, { type: type as KeyType, maxLength: Number(length) }];
    }),
);
