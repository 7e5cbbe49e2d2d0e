import { Agent, buildConnector } from "undici";
import { errorMessage } from "../errors/sluice-error.ts";
import { type AddressGuard, AddressRefusedError } from "./address-guard.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;
/** Requests to one origin for one owner at one time. */
const CONNECTIONS = 4;
/** Of most answers nothing but the status counts. */
const MAX_ANSWER_BYTES = 65_536;
/** Where its text counts as well, no more than this is read. */
const MAX_CHECKED_BYTES = 1_024;
/** Retry-After is believed up to a day, ms. */
const MOST_PAUSE_MS = 24 * 3_600_000;

/** What came of a request: it was taken, or why not in a few words without addresses. */
export type PostOutcome =
  | { readonly taken: true }
  | {
      readonly taken: false;
      readonly why: string;
      /** What kind of failure: for metrics. */
      readonly kind: "status" | "timeout" | "connection" | "address";
      /** HTTP status; undefined without an answer. */
      readonly status?: number;
      /** Retry-After, ms from now. */
      readonly pauseMs?: number;
    };

export interface WebhookClientOptions {
  /** Judges what is connected to; any address may be where it is undefined. */
  readonly guard?: AddressGuard;
  /** Epoch ms, for Retry-After. */
  readonly now?: () => number;
  /** Requests to one origin for one owner at one time; more wait. Default 4. */
  readonly connections?: number;
  /** For tests, ms. */
  readonly answerTimeoutMs?: number;
}

/** How an address is called, where it is not by a POST that any answer from 200 to 299 takes. */
export interface CallTerms {
  readonly method?: "GET" | "POST";
  /** What the body of the answer must be, but for blanks at its ends. */
  readonly answer?: string;
}

/** Posts to others' addresses: each owner has connections of its own. Redirects are not followed, certificates are verified. */
export class WebhookClient {
  private readonly agents = new Map<string, Agent>();
  private readonly options: WebhookClientOptions;

  constructor(options: WebhookClientOptions = {}) {
    this.options = options;
  }

  /** Never rejects, and settles within 10 s. `owner`: the account. */
  async post(
    owner: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    { method = "POST", answer: wanted }: CallTerms = {},
  ): Promise<PostOutcome> {
    const signal = AbortSignal.timeout(this.options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS);
    try {
      const { origin, pathname, search } = new URL(url);
      const answer = await this.agentOf(owner).request({
        ...{ origin, path: pathname + search, method, signal },
        ...(method === "GET" ? {} : { body }),
        headers: { "user-agent": "sluice", ...headers },
      });
      // The status has been said; the rest is read so that the connection can be used again, within bounds.
      const outcome = this.outcomeOf(answer.statusCode, answer.headers["retry-after"]);
      if (wanted === undefined || !outcome.taken) {
        await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
        return outcome;
      }
      if ((await beginning(answer.body)).trim() === wanted) return outcome;
      return { taken: false, kind: "status", status: answer.statusCode, why: `answered without ${wanted}` };
    } catch (error) {
      if (error instanceof AddressRefusedError) return { taken: false, kind: "address", why: error.message };
      if (signal.aborted) return { taken: false, kind: "timeout", why: "no answer in time" };
      const { code } = error as { code?: string };
      const kind = code === "UND_ERR_CONNECT_TIMEOUT" ? "timeout" : "connection";
      return { taken: false, kind, why: code ?? errorMessage(error) };
    }
  }

  /** Gives up the connections of owners that are not among these. */
  keep(owners: ReadonlySet<string>): void {
    for (const [owner, agent] of this.agents)
      if (!owners.has(owner)) {
        this.agents.delete(owner);
        void agent.destroy().catch(() => {});
      }
  }

  close(): void {
    this.keep(new Set());
  }

  private outcomeOf(status: number, retryAfter: string | string[] | undefined): PostOutcome {
    if (status >= 200 && status < 300) return { taken: true };
    const pauseMs = readRetryAfter([retryAfter].flat()[0], this.options.now?.() ?? Date.now());
    return { taken: false, kind: "status", status, why: `answered ${status}`, ...(pauseMs > 0 ? { pauseMs } : {}) };
  }

  private agentOf(owner: string): Agent {
    let agent = this.agents.get(owner);
    if (agent === undefined) {
      agent = new Agent({
        connections: this.options.connections ?? CONNECTIONS,
        pipelining: 1,
        connect: this.connector(),
      });
      this.agents.set(owner, agent);
    }
    return agent;
  }

  private connector(): buildConnector.connector {
    const { guard } = this.options;
    if (guard === undefined) return buildConnector({ timeout: CONNECT_TIMEOUT_MS });
    const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guard.lookup });
    // An address is not looked up.
    return (options, callback) =>
      guard.refusesHost(options.hostname) ? callback(new AddressRefusedError(), null) : connect(options, callback);
  }
}

/** So much of a body as is of use; the rest is not waited for. */
async function beginning(body: AsyncIterable<Buffer>): Promise<string> {
  const octets: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    octets.push(chunk);
    length += chunk.length;
    if (length > MAX_CHECKED_BYTES) break;
  }
  return Buffer.concat(octets).toString();
}

/** RFC 9110, 10.2.3: seconds, or a date; 0 for what is neither. */
function readRetryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MOST_PAUSE_MS) : 0;
}
