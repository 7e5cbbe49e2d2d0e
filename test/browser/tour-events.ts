/** What the tour and the pictures have happen on the running cluster, so that there is something to look at. */
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ClusterConfig, clusterEndpoints } from "../../infra/local/cluster-config.ts";
import { sluiceEndpoints } from "../../infra/local/sluice-processes.ts";
import { twilioSignature } from "../../infra/simulators/http-provider/twilio-signature.ts";
import { connectCodecs } from "../../pipeline/records/codecs.ts";
import { RecordProducer } from "../../platform/kafka/producer.ts";
import { silentLog } from "../../platform/log/log.ts";
import { requestTopic } from "../../schemas/topics.ts";

/** Of an account of the local cluster's catalog. */
const apiKey = (account: string): string => `${account}-demo-key`;
const TRAFFIC_EVERY_MS = 250;
const HANDSET = "+491713920012";
/** The http provider of the local cluster's catalog, and where its secret is. */
const HTTP_PROVIDER = "http-c";
const SECRETS = "infra/local/secrets";

/** What a message is otherwise than a code of acme's that goes at once. */
export interface Otherwise {
  readonly account?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** ISO 8601 */
  readonly sendAt?: string;
}

/** A message over HTTP. @returns its id */
export async function sendMessage(
  config: ClusterConfig,
  reference: string,
  { account = "acme", ...otherwise }: Otherwise = {},
): Promise<string> {
  const answer = await fetch(`${sluiceEndpoints(config).ingestUrl}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${apiKey(account)}` },
    body: JSON.stringify({ to: "+4915112345678", text: "hello", lane: "otp", reference, ...otherwise }),
  });
  if (!answer.ok) throw new Error(`ingest: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/**
 * Some messages a second over all providers, until it is stopped: one that has come back is tried with messages before it is up. What cannot be sent
 * is passed over.
 */
export function keepTraffic(config: ClusterConfig): () => void {
  const send = () =>
    fetch(`${sluiceEndpoints(config).ingestUrl}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey("bench")}` },
      body: JSON.stringify({ to: `+4915112${randomInt(100_000, 999_999)}`, text: "hello", lane: "transactional" }),
    }).then(
      (answer) => answer.arrayBuffer(),
      () => {},
    );
  const timer = setInterval(send, TRAFFIC_EVERY_MS);
  return () => clearInterval(timer);
}

/** A message from a handset, over the http provider's signed webhook. */
export async function answerFromHandset(config: ClusterConfig, text: string): Promise<void> {
  const url = `${sluiceEndpoints(config).webhookUrl}/webhooks/twilio/${HTTP_PROVIDER}`;
  const form = { MessageSid: `SM${randomUUID().replaceAll("-", "")}`, From: HANDSET, To: "+4930901820", Body: text };
  const token = readFileSync(join(config.projectDir, SECRETS, HTTP_PROVIDER), "utf8").trim();
  const answer = await fetch(url, {
    method: "POST",
    headers: { "x-twilio-signature": twilioSignature(token, url, form) },
    body: new URLSearchParams(form),
  });
  if (answer.status !== 204) throw new Error(`dlr-collector: ${answer.status} ${await answer.text()}`);
}

/** Two records that nobody can process: one that cannot be read, and one of an account that the catalog does not have. */
export async function putAside(config: ClusterConfig): Promise<void> {
  const { brokers, registryUrl } = clusterEndpoints(config);
  const codecs = await connectCodecs(registryUrl);
  const producer = new RecordProducer({ connection: { brokers, clientId: "console-tour", log: silentLog } });
  await producer.connect();
  const record = (value: Buffer) => {
    const key = `4915112${randomInt(100_000, 999_999)}`;
    // The router moves what stands in another partition than its key's.
    return { topic: requestTopic("transactional"), partition: 0, key, value };
  };
  const unread = record(Buffer.from('{"not":"avro"}'));
  const stranger = record(Buffer.alloc(0));
  const value = codecs.request.encode({
    ...{ messageId: randomUUID(), accountId: "nobody", to: String(stranger.key), from: null, text: "hello" },
    ...{
      validitySeconds: null,
      reference: null,
      callbackUrl: null,
      transliterate: false,
      sendAt: null,
      receiptTo: null,
      metadata: {},
      acceptedAt: null,
    },
  });
  await producer.send([unread, { ...stranger, value }]);
  await producer.close();
}

/** Asks until there is an answer. */
export async function until<Value>(
  what: string,
  withinMs: number,
  ask: () => Promise<Value | undefined>,
): Promise<Value> {
  for (const end = performance.now() + withinMs; performance.now() < end; await pause(300)) {
    const value = await ask();
    if (value !== undefined) return value;
  }
  throw new Error(`not within ${withinMs} ms: ${what}`);
}
