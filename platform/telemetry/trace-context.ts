/** The part of a span that travels between processes (W3C Trace Context, section 3.2). */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Headers as transports give them; a record's headers hold bytes, HTTP's hold text, and either may repeat. */
export type HeaderMap = Readonly<Record<string, string | Uint8Array | readonly (string | Uint8Array)[] | undefined>>;

export const TRACEPARENT = "traceparent";

const ZERO_TRACE = "0".repeat(32);
const ZERO_SPAN = "0".repeat(16);

/**
 * Reads a `traceparent` value. Later versions are read by the rules of version 00, as the standard asks.
 * @returns undefined for anything malformed: the standard says to ignore it.
 */
export function parseTraceparent(value: string): TraceContext | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(value.trim());
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined;
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

/** Writes a `traceparent` of version 00. */
export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? "01" : "00"}`;
}

/** The trace a message belongs to, or undefined when it belongs to none that is recorded. One property read if so. */
export function extractTrace(headers: HeaderMap | undefined): TraceContext | undefined {
  const raw = headers?.[TRACEPARENT];
  if (raw === undefined) return undefined;
  const first = isList(raw) ? raw[0] : raw;
  if (first === undefined) return undefined;
  const context = parseTraceparent(typeof first === "string" ? first : Buffer.from(first).toString("latin1"));
  return context?.sampled ? context : undefined;
}

function isList(value: NonNullable<HeaderMap[string]>): value is readonly (string | Uint8Array)[] {
  return Array.isArray(value);
}
