import { Agent } from "undici";
import type { ConsentWebhook } from "../../../domain/catalog/consent-webhook.ts";
import { errorMessage } from "../../../platform/errors/sluice-error.ts";
import { signWebhook } from "../../../platform/http/signed-webhook.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;
/** Requests to one account's address at one time. */
const CONNECTIONS = 4;
const MAX_ANSWER_BYTES = 65_536;

/** Undefined: it was taken. Else why not, in a few words without addresses. */
export type PostOutcome = string | undefined;

/** Posts signed bodies to accounts' addresses: each account has connections of its own. Redirects are not followed. */
export class WebhookClient {
  private readonly agents = new Map<string, Agent>();
  private readonly now: () => number;

  /** `now`: epoch ms. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Never rejects, and settles within 10 s. */
  async post(account: string, { url, secret }: ConsentWebhook, id: string, body: string): Promise<PostOutcome> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      const { origin, pathname, search } = new URL(url!);
      const headers = {
        "content-type": "application/json",
        "user-agent": "sluice",
        ...signWebhook(secret, id, this.now(), body),
      };
      const path = pathname + search;
      const answer = await this.agentOf(account).request({ origin, path, method: "POST", headers, body, signal });
      await answer.body.dump();
      return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `answered ${answer.statusCode}`;
    } catch (error) {
      return signal.aborted ? "no answer in time" : ((error as { code?: string }).code ?? errorMessage(error));
    }
  }

  /** Gives up the connections of accounts that are not among these. */
  keep(accounts: ReadonlySet<string>): void {
    for (const [account, agent] of this.agents)
      if (!accounts.has(account)) {
        this.agents.delete(account);
        void agent.destroy().catch(() => {});
      }
  }

  close(): void {
    this.keep(new Set());
  }

  private agentOf(account: string): Agent {
    let agent = this.agents.get(account);
    if (agent === undefined) {
      const connect = { timeout: CONNECT_TIMEOUT_MS };
      agent = new Agent({ connections: CONNECTIONS, pipelining: 1, connect, maxResponseSize: MAX_ANSWER_BYTES });
      this.agents.set(account, agent);
    }
    return agent;
  }
}
