/** 2017-01-01T00:00:00Z, where SentinelOne's ids begin. */
const EPOCH_MS = 1_483_228_800_000n;
const SEQUENCE_BITS = 23n;
const SEQUENCES = 1 << 23;

/** The id of something made at this time; two of one millisecond differ by their sequence. */
export function snowflake(ms: number, sequence: number): string {
  return String(snowflakeNumber(ms, sequence));
}

/** The same as a number, as it stands in an activity's `data`: too long for a `number`. */
export function snowflakeNumber(ms: number, sequence: number): bigint {
  return ((BigInt(Math.floor(ms)) - EPOCH_MS) << SEQUENCE_BITS) | BigInt(sequence % SEQUENCES);
}
