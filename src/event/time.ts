/**
 * An instant as microseconds since 1970-01-01T00:00:00Z.
 *
 * The console's times carry microseconds and `Date` would round them. A `number` holds microseconds exactly until the
 * year 2255.
 */
export type Micros = number & { readonly __unit: "µs" };

export function microsFromMs(ms: number): Micros {
  return Math.round(ms * 1000) as Micros;
}

export function addMs(time: Micros, ms: number): Micros {
  return (time + ms * 1000) as Micros;
}

/** Milliseconds since the epoch, rounded down. */
export function toMs(time: Micros): number {
  return Math.floor(time / 1000);
}

const ISO_TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * Reads the console's time stamps: with or without fraction, `Z`, `+00:00` or nothing (UTC), `T` or a space.
 *
 * Undefined for anything else and for the console's two ways to say "never": 1970-01-01T00:00:00Z and
 * 2185-07-21T23:34:33.709552Z, an unset Windows time.
 */
export function parseTime(text: unknown): Micros | undefined {
  if (typeof text !== "string") return undefined;
  const micros = USUAL_TIME.test(text) ? usualTime(text) : anyTime(text);
  return micros === 0 || micros === UNSET_WINDOWS_TIME ? undefined : micros;
}

/** The form in which nearly all come. A day that may not be is not of it. */
const USUAL_TIME =
  /^[12]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;

/** A page has a thousand of them, and `Date.parse` takes ten times as long. */
function usualTime(text: string): Micros {
  const two = (at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * ZERO;
  const days = daysSinceEpoch(two(0) * 100 + two(2), two(5), two(8));
  const seconds = days * 86_400 + two(11) * 3600 + two(14) * 60 + two(17);
  return (seconds * 1_000_000 + two(20) * 10_000 + two(22) * 100 + two(24)) as Micros;
}

/** Of the Gregorian calendar. Its years are counted from March on, so that the leap day is the last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const years = month < 3 ? year - 1 : year;
  const months = (month + 9) % 12;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  return 365 * years + leapDays + Math.floor((153 * months + 2) / 5) + day - 1 - DAYS_TO_EPOCH;
}

/** From March 1 of the year 0 to 1970-01-01. */
const DAYS_TO_EPOCH = 719_468;
const ZERO = 0x30;

function anyTime(text: string): Micros | undefined {
  const match = ISO_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "Z"] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const isDay = (Number(day) > 0 && Number(day) < 29) || new Date(ms).getUTCDate() === Number(day);
  if (
    !isDay ||
    Number(month) < 1 ||
    Number(month) > 12 ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60
  ) {
    return undefined;
  }
  return (ms * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6)) - zoneMinutes(zone) * 60_000_000) as Micros;
}

const UNSET_WINDOWS_TIME = Date.UTC(2185, 6, 21, 23, 34, 33) * 1000 + 709_552;

function zoneMinutes(zone: string): number {
  if (zone === "Z") return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return zone.startsWith("-") ? -minutes : minutes;
}

/** `2026-11-21T20:00:00.123456Z`, the form the console's filters take. */
export function formatTime(time: Micros): string {
  const seconds = Math.floor(time / 1_000_000);
  const fraction = time - seconds * 1_000_000;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(6, "0")}Z`;
}

/** The epoch of SentinelOne's ids, 2017-01-01T00:00:00Z. */
const SNOWFLAKE_EPOCH_MS = 1_483_228_800_000n;

/** When an id was made: numeric ids are snowflakes, `ms = (id >> 23) + 1483228800000`. Undefined for other ids. */
export function snowflakeTime(id: string): Micros | undefined {
  if (!/^[1-9]\d{16,18}$/.test(id)) return undefined;
  return microsFromMs(Number((BigInt(id) >> 23n) + SNOWFLAKE_EPOCH_MS));
}
