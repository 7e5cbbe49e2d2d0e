import { type Dispatcher, Pool } from "undici";
import { type HttpProvider, httpMeaningsOf } from "../../domain/catalog/provider.ts";
import { classifyHttpAnswer, type HttpMeanings } from "../../domain/message/http-answer.ts";
import { readSender } from "../../domain/message/sender-id.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";
import type { Link, LinkEvents } from "./link.ts";
import type { Submission } from "./submission.ts";
import { LINK_LOST, RESPONSE_TIMEOUT, type Unit, type UnitResult, WITHDRAWN } from "./unit-result.ts";

/** One POST of a whole message. */
export interface HttpUnit extends Unit {
  readonly body: string;
}

const CONNECT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;
/** An answer may come so long after the time-out, ms. Its connection is kept until then. */
const LATE_MS = 60_000;
/** Longest ValidityPeriod that the contract takes, seconds. */
const MAX_VALIDITY_SECONDS = 36_000;
/** Pause after a 429 without Retry-After, and the longest that is believed, ms. */
const DEFAULT_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Neither the message nor the catalog says who it comes from: the provider would refuse it (Twilio: 21603). */
const SENDER_MISSING = "sender-missing";

/** Faults that come before a request has left: it was certainly not taken. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_CLOSED",
]);
const TIMED_OUT: ReadonlySet<string> = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);

/** Twilio's Messages contract over kept-alive connections, one request on each at a time. */
export class HttpLink implements Link<HttpUnit> {
  private readonly provider: HttpProvider;
  private readonly limit: number;
  private readonly path: string;
  private readonly headers: Record<string, string>;
  private readonly meanings: HttpMeanings;
  private pool: Pool | undefined;
  private client: Dispatcher | undefined;
  private events: LinkEvents<HttpUnit> | undefined;
  /** Requests that have timed out and may still be answered, oldest first: at most as many as may be in flight. */
  private readonly late = new Set<Exchange>();
  inFlight = 0;

  constructor(provider: HttpProvider) {
    const { http, window } = provider;
    this.provider = provider;
    this.meanings = httpMeaningsOf(provider);
    this.limit = Math.min(http.maxInFlight, window);
    const base = new URL(http.baseUrl).pathname.replace(/\/+$/, "");
    this.path = `${base}/2010-04-01/Accounts/${encodeURIComponent(http.accountSid)}/Messages.json`;
    this.headers = {
      authorization: `Basic ${Buffer.from(`${http.accountSid}:${http.authToken}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    };
  }

  /** There is no bind to wait for: whether the provider answers, the circuit learns from the answers. */
  get up(): boolean {
    return this.pool !== undefined;
  }

  get room(): number {
    return this.pool === undefined ? 0 : this.limit - this.inFlight;
  }

  start(events: LinkEvents<HttpUnit>): void {
    this.events = events;
    const { baseUrl, timeoutMs } = this.provider.http;
    this.pool = new Pool(new URL(baseUrl).origin, {
      // What has timed out keeps its connection, and must not take one from the others.
      connections: this.limit * 2,
      pipelining: 1,
      headersTimeout: timeoutMs + LATE_MS,
      bodyTimeout: timeoutMs + LATE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      maxResponseSize: MAX_ANSWER_BYTES,
    });
    this.client = this.pool.compose(
      (dispatch) => (options, handler) =>
        dispatch(options, askedWhenWritten(handler, options as typeof options & Asking)),
    );
    events.onUp();
  }

  async stop(drainMs: number): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    this.client = undefined;
    if (pool === undefined) return;
    const timer = setTimeout(() => void pool.destroy(), drainMs);
    await pool.close().catch(() => {});
    clearTimeout(timer);
  }

  prepare({ facts, text }: Dispatch, now: number): HttpUnit[] | string {
    const { statusCallbackUrl, from, messagingServiceSid } = this.provider.http;
    const form = new URLSearchParams({
      To: `+${facts.to}`,
      Body: text,
      StatusCallback: callbackUrl(statusCallbackUrl, facts.messageId, facts.to),
      ValidityPeriod: String(Math.max(1, Math.min(MAX_VALIDITY_SECONDS, Math.floor((facts.expiresAt - now) / 1_000)))),
    });
    const sender = facts.sentAs ?? facts.from ?? from;
    if (sender !== undefined) form.set("From", twilioSender(sender));
    else if (messagingServiceSid !== undefined) form.set("MessagingServiceSid", messagingServiceSid);
    else return SENDER_MISSING;
    return [{ weight: facts.segments, body: form.toString() }];
  }

  send(submission: Submission<HttpUnit>, unit: number): "sent" | "full" | "invalid" {
    const { client } = this;
    if (client === undefined || this.inFlight >= this.limit) return "full";
    this.inFlight++;
    const { path, headers } = this;
    const { body, weight } = submission.units[unit]!;
    const exchange = new Exchange();
    const finish = (result: UnitResult): void => {
      this.inFlight--;
      this.events?.onResult(submission, unit, exchange.left ? result : { ...result, stayed: true });
    };
    const onLeaving = (controller: Dispatcher.DispatchController): boolean => {
      const leaves = this.events?.onLeaving(weight, submission) !== false;
      if (leaves)
        exchange.leave(controller, this.provider.http.timeoutMs, () => {
          this.keepLate(exchange);
          finish(UNANSWERED);
        });
      return leaves;
    };
    const answered = (result: UnitResult): void => {
      if (exchange.end()) finish(result);
      else if (this.late.delete(exchange)) this.events?.onLate(submission, unit, result);
    };
    const failed = (error: unknown): void => {
      if (exchange.end()) finish(resultOfFault(error, exchange.left));
      else this.late.delete(exchange);
    };
    const request: Dispatcher.RequestOptions & Asking = { method: "POST", path, headers, body, onLeaving };
    client
      .request(request)
      .then(
        ({ statusCode, headers: answer, body }) =>
          body
            .text()
            .then((text) => answered(resultOfAnswer(statusCode, text, answer["retry-after"], this.meanings)), failed),
        failed,
      );
    return "sent";
  }

  /** Its answer may still come; the oldest such request makes room for it. */
  private keepLate(exchange: Exchange): void {
    for (const oldest of this.late) {
      if (this.late.size < this.limit) break;
      this.late.delete(oldest);
      oldest.abort();
    }
    this.late.add(exchange);
  }
}

const UNANSWERED: UnitResult = { outcome: "in-doubt", code: RESPONSE_TIMEOUT };

/** One request on its connection. Its time-out is ours and not undici's, which would end the connection and the late answer with it. */
class Exchange {
  left = false;
  private timer: NodeJS.Timeout | undefined;
  private controller: Dispatcher.DispatchController | undefined;
  private timedOut = false;

  /** It is about to be written. `onTimeout` is called when it has not ended by then. */
  leave(controller: Dispatcher.DispatchController, timeoutMs: number, onTimeout: () => void): void {
    this.left = true;
    this.controller = controller;
    this.timer = setTimeout(() => {
      this.timedOut = true;
      onTimeout();
    }, timeoutMs);
  }

  /** It has ended; false when that is after its time-out. */
  end(): boolean {
    clearTimeout(this.timer);
    return !this.timedOut;
  }

  abort(): void {
    this.controller?.abort(new Error("not answered for too long"));
  }
}

/** A full number goes out with its plus, as the contract wants it; a short code or a name as it is. */
function twilioSender(from: string): string {
  const read = readSender(from);
  if (!read.ok) return from;
  return read.kind === "international" && !read.sender.startsWith("+") ? `+${read.sender}` : read.sender;
}

/** Where the provider reports about a message: what the receipt is joined by stands in the query, in front of a fragment. */
function callbackUrl(base: string, messageId: string, to: string): string {
  const hash = base.indexOf("#");
  const [address, fragment] = hash < 0 ? [base, ""] : [base.slice(0, hash), base.slice(hash)];
  const join = address.includes("?") ? (/[?&]$/.test(address) ? "" : "&") : "?";
  return `${address}${join}m=${encodeURIComponent(messageId)}&d=${to}${fragment}`;
}

/** Options of one request; undici passes them on as they are. */
interface Asking {
  onLeaving(controller: Dispatcher.DispatchController): boolean;
}

/** A request may wait for its connection. Ends it, when it is about to be written, if that must not be any more. */
function askedWhenWritten(handler: Dispatcher.DispatchHandler, { onLeaving }: Asking): Dispatcher.DispatchHandler {
  const begin = handler.onRequestStart?.bind(handler);
  // Each request has a handler of its own.
  handler.onRequestStart = (controller, context) => {
    begin?.(controller, context);
    if (!onLeaving(controller)) controller.abort(Object.assign(new Error("not written in time"), { code: WITHDRAWN }));
  };
  return handler;
}

/** What an answer means. A 2xx whose body names no id was taken, but nothing could be matched with it: in doubt. */
export function resultOfAnswer(
  status: number,
  text: string,
  retryAfter: string | string[] | undefined,
  meanings?: HttpMeanings,
): UnitResult {
  const answer = readJson(text);
  // Gateways repeat the status there; Twilio's own codes have five digits.
  const given = codeOf(answer.code);
  const apiCode = given === status ? undefined : given;
  const outcome = classifyHttpAnswer(status, apiCode, meanings);
  const code = String(apiCode ?? status);
  if (outcome === "accepted") {
    const { sid } = answer;
    return typeof sid === "string" && sid !== ""
      ? { outcome, code: "", id: sid }
      : { outcome: "in-doubt", code: "answer-without-sid" };
  }
  if (outcome !== "throttled") return { outcome, code };
  return { outcome, code, pauseMs: pauseOf(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) };
}

/** What a fault of the connection means: only one that comes before the request has `left` is certain, such as a certificate that is refused. */
export function resultOfFault(error: unknown, left: boolean): UnitResult {
  const code = (error as { code?: string } | null)?.code ?? "";
  if (code === WITHDRAWN) return { outcome: "unsent", code };
  if (!left || NOT_SENT.has(code)) return { outcome: "link", code: code || LINK_LOST, fault: true };
  return { outcome: "in-doubt", code: TIMED_OUT.has(code) ? RESPONSE_TIMEOUT : code || LINK_LOST, fault: true };
}

/** Retry-After in seconds, above 0: what was throttled would go again at once. A date is not used by this contract. */
function pauseOf(retryAfter: string | undefined): number {
  const seconds = Number(retryAfter);
  return seconds > 0 ? Math.min(seconds * 1_000, MAX_PAUSE_MS) : DEFAULT_PAUSE_MS;
}

/** Other services that speak this contract write the number as a text. */
function codeOf(code: unknown): number | undefined {
  if (typeof code === "string" && /^\d{1,9}$/.test(code)) return Number(code);
  return typeof code === "number" ? code : undefined;
}

function readJson(text: string): { sid?: unknown; code?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
