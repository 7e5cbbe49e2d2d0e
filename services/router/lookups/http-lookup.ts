import { Pool } from "undici";
import { type Lookup, lookupUrl, NUMBER } from "../../../domain/catalog/lookup.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";

/** What came of one question over HTTP. `sent`: whether it can have reached the service. */
export type LookupReply =
  | { readonly kind: "answer"; readonly status: number; readonly text: string; readonly pauseMs: number }
  | { readonly kind: "timed-out" }
  | { readonly kind: "failed"; readonly reason: string };

/** A look-up service that can be asked. */
export interface LookupClient {
  /** Never rejects, and settles within the look-up's time-out. `number`: E.164 digits. */
  ask(number: string): Promise<LookupReply>;
  close(): Promise<void>;
}

/** What is longer is no answer about one number. */
const MAX_ANSWER_BYTES = 65_536;
const CONNECT_TIMEOUT_MS = 5_000;
const TOO_MANY = 429;
const UNAVAILABLE = 503;
/** Pause after a 429 without Retry-After, ms. */
const DEFAULT_PAUSE_MS = 1_000;

/** Asks over kept-alive connections, one request on each at a time. Redirects are not followed: they would take the secret elsewhere. */
export class HttpLookup implements LookupClient {
  private readonly lookup: Lookup;
  private readonly pool: Pool;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(lookup: Lookup) {
    const { maxInFlight, headers, secretHeaders, body } = lookup;
    this.lookup = lookup;
    this.pool = new Pool(lookupUrl(lookup, "").origin, {
      connections: maxInFlight,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      maxResponseSize: MAX_ANSWER_BYTES,
    });
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    this.headers = {
      ...lowerCase(type),
      accept: "application/json",
      ...lowerCase(headers),
      ...lowerCase(secretHeaders),
    };
  }

  async ask(number: string): Promise<LookupReply> {
    const { method, timeoutMs } = this.lookup;
    const { pathname, search } = lookupUrl(this.lookup, number);
    const body = this.lookup.body?.replaceAll(NUMBER, number) ?? null;
    const patience = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      patience.abort();
    }, timeoutMs);
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await this.pool.request({
        method,
        path: pathname + search,
        headers: this.headers,
        body,
        signal: patience.signal,
      });
      return { kind: "answer", status: statusCode, text: await answer.text(), pauseMs: pauseOf(statusCode, headers) };
    } catch (error) {
      return late ? { kind: "timed-out" } : { kind: "failed", reason: reasonOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.pool.destroy().catch(() => {});
  }
}

/** A stable code where there is one: messages of Node hold addresses. */
function reasonOf(error: unknown): string {
  return (error as { code?: string } | null)?.code ?? errorMessage(error);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** How long the service asks to be left alone: Retry-After of a 429 or 503 in seconds, or as a date (RFC 9110, 10.2.3). */
function pauseOf(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): number {
  if (status !== TOO_MANY && status !== UNAVAILABLE) return 0;
  const [given] = [headers["retry-after"]].flat();
  const otherwise = status === TOO_MANY ? DEFAULT_PAUSE_MS : 0;
  if (given === undefined) return otherwise;
  const ms = /^\d+$/.test(given) ? Number(given) * 1_000 : Date.parse(given) - Date.now();
  return ms > 0 ? ms : otherwise;
}
