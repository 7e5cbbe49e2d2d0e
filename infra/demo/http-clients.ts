import { setTimeout as pause } from "node:timers/promises";
import type { DemoMessage } from "./demo-messages.ts";

export interface HttpClientsOptions {
  readonly ingestUrl: string;
  /** API key by account. */
  readonly apiKeys: Readonly<Record<string, string>>;
  readonly messages: readonly DemoMessage[];
  /** Messages a second, all clients together. */
  readonly rate: number;
  /** Labels every message. */
  readonly run: string;
  /** Concurrent clients. */
  readonly clients: number;
  /** Messages of one batch request. */
  readonly batchSize: number;
  /** Share of the messages that goes one by one through POST /v1/messages. */
  readonly singleShare: number;
  /** Told of every answer: how many messages it accepts. */
  readonly onAccepted: (count: number) => void;
}

/** How long a request is repeated while the answer is "try again" or none. */
const GIVE_UP_MS = 60_000;

/**
 * Hands messages in over HTTP as customers do: several clients at once, most messages in batches, some alone. Every
 * message has an idempotency key, so that repeating a request whose answer got lost sends nothing twice.
 * @throws Error with the answer when a request is refused for good.
 */
export async function runHttpClients(options: HttpClientsOptions): Promise<void> {
  const requests = planRequests(options);
  const startedAt = performance.now();
  let handed = 0;
  let next = 0;
  const client = async () => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const dueAt = startedAt + (handed / options.rate) * 1_000;
      handed += request.length;
      await pause(Math.max(0, dueAt - performance.now()));
      options.onAccepted(await post(options, request));
    }
  };
  await Promise.all(Array.from({ length: options.clients }, client));
}

/** Cuts the messages into requests: batches of one account each, and single messages spread among them. */
export function planRequests(
  options: Pick<HttpClientsOptions, "messages" | "batchSize" | "singleShare">,
): DemoMessage[][] {
  const requests: DemoMessage[][] = [];
  const open = new Map<string, DemoMessage[]>();
  const everySingle = options.singleShare > 0 ? Math.round(1 / options.singleShare) : 0;
  for (const message of options.messages) {
    if (everySingle > 0 && message.index % everySingle === 0) {
      requests.push([message]);
      continue;
    }
    const batch = open.get(message.account) ?? [];
    batch.push(message);
    open.set(message.account, batch);
    if (batch.length < options.batchSize) continue;
    requests.push(batch);
    open.delete(message.account);
  }
  return [...requests, ...open.values()];
}

async function post(options: HttpClientsOptions, messages: readonly DemoMessage[]): Promise<number> {
  const single = messages.length === 1;
  const items = messages.map((message) => toItem(message, options.run));
  const url = `${options.ingestUrl}/v1/messages${single ? "" : "/batch"}`;
  const init: RequestInit = {
    method: "POST",
    headers: { authorization: `Bearer ${options.apiKeys[messages[0]!.account]}`, "content-type": "application/json" },
    body: JSON.stringify(single ? items[0] : { messages: items }),
  };
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    const answer = await attempt(url, init);
    if (answer.status === 202) return messages.length;
    const again = answer.status === 0 || answer.status === 429 || answer.status === 503;
    if (!again || performance.now() > giveUpAt)
      throw new Error(`${url} answers ${answer.status}: ${answer.text.slice(0, 500)}`);
    await pause(500);
  }
}

async function attempt(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: (error as Error).message };
  }
}

function toItem({ index, to, from, text, lane, reference }: DemoMessage, run: string) {
  return { to, from, text, lane, reference, metadata: { run, source: "http" }, idempotencyKey: `${run}/${index}` };
}
