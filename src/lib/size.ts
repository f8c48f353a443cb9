/** An amount of storage in bytes. */
export type Bytes = number;

const UNIT_BYTES = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

export const SIZE = /^(\d{1,12}(?:\.\d{1,6})?)(B|KiB|MiB|GiB|TiB)$/;

/** Reads `512MiB`, `2GiB`, `1.5GiB`. Undefined for anything else. */
export function parseSize(text: string): Bytes | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]);
}

/** The shortest text that `parseSize` reads back as the same amount. */
export function formatSize(bytes: Bytes): string {
  if (bytes === 0) return "0B";
  const units = Object.entries(UNIT_BYTES).reverse();
  const [unit, size] = units.find(([, unitBytes]) => bytes % unitBytes === 0) ?? ["B", 1];
  return `${bytes / size}${unit}`;
}
