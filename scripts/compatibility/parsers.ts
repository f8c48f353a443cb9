/**
 * What known parsers of SentinelOne's syslog ask of a message, in our own words: their conditions as published in November
 * 2026, not their code. A parser takes a message when all that it asks for is there.
 */
export interface Parser {
  readonly name: string;
  /** What it was written for, and how it decides. */
  readonly about: string;
  /** Whether it takes the message and finds in it what it looks for. */
  readonly takes: (message: string) => boolean;
  /** Whether it finds the time of the event; without it, it does not look for one in the message. */
  readonly findsTime?: (message: string) => boolean;
}

/** `CEF:0` with seven header fields, none of them blank, wherever it stands. */
const CEF0 = /CEF:0\|(?:(?:[^|\\]|\\.)+\|){6}/u;
const VENDOR = /CEF:0\|SentinelOne\|Mgmt\|/;
const NATIVE_TIME = /\srt=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\s/;
const ARCSIGHT_TIME = /\srt=(?:#arcsightDate\()?\w{3}, \d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d UTC\)?/;
const EPOCH_TIME = /\srt=\d{13}\s/;

const NAMES = [
  "|New active threat",
  "|New Suspicious threat detected",
  "|SentinelOne - New Console Login Activity",
  "|SentinelOne - Failed Console Login Activity",
  "|SentinelOne - New Console Logout Activity",
  "|Administrative information - User Deleted|",
  "|Administrative information - User Modified|",
  "|Administrative information - New user added",
  "|User created role|",
];

/** The values that Exabeam takes need a key behind them: none of them may end the message. */
function exabeamCef(message: string): boolean {
  return (
    VENDOR.test(message) &&
    message.includes("notificationScope=") &&
    /activityType=\d+\s\w+=/.test(message) &&
    /activityID=\d+\s\w+=/.test(message)
  );
}

function every(...patterns: readonly RegExp[]): (message: string) => boolean {
  return (message) => patterns.every((pattern) => pattern.test(message));
}

export const PARSERS: readonly Parser[] = [
  {
    name: "Exabeam, CEF, by name",
    about: "header, trailer and one of nine native event names; the time of a detection or of a console event in `rt`",
    takes: (message) => exabeamCef(message) && NAMES.some((name) => message.includes(name)),
    findsTime: (message) => NATIVE_TIME.test(message) || ARCSIGHT_TIME.test(message),
  },
  {
    name: "Exabeam, CEF, any",
    about: "header, trailer and `accountName=`; the same times",
    takes: (message) => exabeamCef(message) && message.includes("accountName="),
    findsTime: (message) => NATIVE_TIME.test(message) || ARCSIGHT_TIME.test(message),
  },
  {
    name: "Exabeam, CEF2, threats",
    about: "`New active threat` with `threatClassification=`, pairs parted by `|`",
    takes: every(/CEF:/, /\|SentinelOne/, /New active threat/, /\|threatClassification=[^|]+\|/),
    findsTime: every(/\|rt=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\|/),
  },
  {
    name: "Exabeam, RFC 5424",
    about: '` SentinelOne `, `[eventDesc@`, `[eventSeverity@`, `cat="`; the time in `createdAt`',
    takes: every(/ SentinelOne /, /\[eventDesc@/, /\[eventSeverity@/, /cat="/),
    findsTime: every(/createdAt="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"/),
  },
  {
    name: "Sumo Logic Cloud SIEM",
    about: "CEF of vendor `SentinelOne`, product `Mgmt`; `rt` as `yyyy-MM-dd HH:mm:ss.SSSSSS`",
    takes: every(CEF0, VENDOR),
    findsTime: every(NATIVE_TIME),
  },
  {
    name: "UTMStack 11, CEF",
    about: "CEF's header by position, none blank; `rt` as `#arcsightDate(Www, D Mon YYYY, HH:MM:SS UTC)` only",
    takes: every(CEF0, VENDOR),
    findsTime: every(/rt=#arcsightDate\(\w{3}, \d{1,2} \w{3} \d{4}, \d\d:\d\d:\d\d UTC\)/),
  },
  {
    name: "Quadrant Sagan",
    about: "`SentinelOne` and `activityType=` with a number, anywhere",
    takes: every(/SentinelOne/, /activityType=\d+\b/),
  },
  {
    name: "Google SecOps, SENTINELONE_ACTIVITY",
    about: "CEF with `activityID`, `activityType` and `rt`",
    takes: every(CEF0, VENDOR, /activityID=\d+/, /activityType=\d+/, /\srt=/),
  },
  {
    name: "LogScale, parseCEF",
    about: "any prefix, then CEF version 0",
    takes: every(CEF0),
  },
  {
    name: "Elastic, decode_cef",
    about: "CEF version 0 with its whole header; `rt` as CEF's standard has it",
    takes: every(CEF0),
    findsTime: every(EPOCH_TIME),
  },
  {
    name: "Wazuh, kboykov/wazuh-sentinelone",
    about: "`CEF:2|SentinelOne|Mgmt|`, then the number in `activityType` or `eventID`",
    takes: every(/CEF *:? *2\|SentinelOne\|Mgmt\|/, /\|(?:activityType|eventID)=\d+(?:\||$)/),
  },
  {
    name: "Wazuh, decoder of June 2025",
    about: "any CEF of SentinelOne, with `eventID`, `eventDesc`, `eventSeverity` and a `|` behind each",
    takes: every(/CEF:\d+\|SentinelOne\|/, /\|eventID=[^|]+\|/, /\|eventDesc=[^|]+\|/, /\|eventSeverity=[^|]+\|/),
  },
  {
    name: "DNIF",
    about: "any CEF of SentinelOne with one of eight categories between pipes",
    takes: every(
      /CEF:\d+\|SentinelOne\|/,
      /\|cat=(?:MALWARE|MITIGATION|THREATMANAGEMENT|WHITELISTBLACKLIST|EXCLUSIONS|DEVICECONTROL|FIREWALLCONTROL|OPERATIONS)\|/,
    ),
  },
  {
    name: "Fluency",
    about: "`CEF:2|SentinelOne`, pairs parted by `|`",
    takes: every(/CEF:2\|SentinelOne/),
  },
  {
    name: "Google SecOps, SENTINEL_EDR (Cyderes)",
    about: "CEF2 with `activityType`, `eventDesc`",
    takes: every(/CEF:2\|SentinelOne/, /\|activityType=\d+/, /\|eventDesc=/),
  },
  {
    name: "Microsoft Sentinel, CEF via AMA",
    about: "CEF directly behind the host of an RFC 3164 header",
    takes: every(/^<\d+>[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ CEF:0\|/, CEF0),
    findsTime: every(EPOCH_TIME),
  },
  {
    name: "QRadar, Universal LEEF",
    about: "LEEF 2.0's header; `devTime` in milliseconds",
    takes: every(/LEEF:2\.0\|[^|]+\|[^|]+\|[^|]+\|[^|]+\|.\|/u),
    findsTime: every(/\^devTime=\d{13}\^/),
  },
];
