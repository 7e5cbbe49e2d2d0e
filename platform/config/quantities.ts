/** Milliseconds per unit. A bare number is refused on purpose: nobody can tell seconds from milliseconds in review. */
const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes per unit: decimal (SI) and binary (IEC) units, as they are written. */
const BYTE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

/**
 * Reads a duration such as `250ms`, `5s`, `1.5h` or `1h30m`; `0` needs no unit.
 * @returns milliseconds (a non-negative integer), or undefined when the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim().toLowerCase();
  if (compact === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(compact)) return undefined;
  let total = 0;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * DURATION_UNITS[unit!]!;
  }
  const rounded = Math.round(total);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** Writes milliseconds the way {@link parseDuration} reads them, in the largest unit that divides them. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return "0";
  for (const unit of ["d", "h", "m", "s"]) {
    const size = DURATION_UNITS[unit]!;
    if (milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}

/**
 * Reads a size such as `512`, `64KiB` or `1.5MB` (KB = 1,000 bytes, KiB = 1,024; case does not matter).
 * @returns bytes (a non-negative integer), or undefined when the text is not a size.
 */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const unit = match[2] === "" ? 1 : BYTE_UNITS[match[2]!];
  if (unit === undefined) return undefined;
  const total = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(total) ? total : undefined;
}

/** Writes bytes the way {@link parseBytes} reads them, in binary units where they divide evenly. */
export function formatBytes(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const size = BYTE_UNITS[unit.toLowerCase()]!;
    if (bytes !== 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}
