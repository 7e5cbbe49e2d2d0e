import { createHmac } from "node:crypto";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parseProvider } from "../../../domain/catalog/catalog.ts";
import type { HttpProvider } from "../../../domain/catalog/provider.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { webhookApp } from "../../../services/dlr-collector/webhooks/webhook-app.ts";
import { codecs as simulated } from "./simulated-kafka.ts";

const codecs = { receipt: simulated.receipt, inbound: simulated.event as never };
const servers: Server[] = [];

/** For `afterEach`. */
export async function stopWebhooks(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function provider(statusCallbackUrl: string, http: object): HttpProvider {
  const parsed = parseProvider({
    id: "http-c",
    kind: "http-twilio",
    currency: "EUR",
    rate: 10,
    prices: [{ price: "0.01" }],
    http: { baseUrl: "http://127.0.0.1:9", accountSid: "AC1", authToken: "token-c", statusCallbackUrl, ...http },
  });
  if (!parsed.ok || parsed.value.kind !== "http-twilio") throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

export interface WebhookSetting {
  readonly store?: (records: readonly OutRecord[]) => Promise<void>;
  readonly publicUrl?: string;
  /** Default: the server's own address. */
  readonly statusCallbackUrl?: string;
  /** Further settings of the provider. */
  readonly http?: object;
}

export interface Posting {
  readonly signature?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A server of webhooks, and a way to post to it as the provider does. */
export async function startWebhooks({ store, publicUrl, statusCallbackUrl, http = {} }: WebhookSetting = {}) {
  const stored: OutRecord[] = [];
  const metrics = new MetricRegistry();
  const server = createServer((request, response) => app(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const only = provider(statusCallbackUrl ?? `${origin}/webhooks/twilio/http-c`, http);
  const app = webhookApp({
    provider: (id) => (id === "http-c" ? only : undefined),
    publicUrl,
    partitions: 6,
    codecs,
    store: store ?? (async (records) => void stored.push(...records)),
    storeTimeoutMs: 50,
    metrics,
    log: silentLog,
    now: () => 9_000,
  });
  const post = (
    path: string,
    form: Record<string, string>,
    sign: string | false = publicUrl ?? origin,
    token = "token-c",
  ) => {
    const text = Object.keys(form)
      .sort()
      .reduce((signed, name) => signed + name + form[name], `${sign}${path}`);
    const signature = createHmac("sha1", token).update(text).digest("base64");
    return fetch(origin + path, {
      method: "POST",
      headers: sign === false ? {} : { "x-twilio-signature": signature },
      body: new URLSearchParams(form),
    });
  };
  /** Posts octets to a path as they are: `fetch` would write the path anew. */
  const postRaw = (path: string, { signature, headers = {}, body = "" }: Posting) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const signed: Record<string, string> = signature === undefined ? {} : { "x-twilio-signature": signature };
      const request = httpRequest(
        { host: "127.0.0.1", port, path, method: "POST", agent: false, headers: { ...signed, ...headers } },
        (response) => {
          response.resume().once("end", () => resolve(response.statusCode));
        },
      );
      request.once("error", reject).end(body);
    });
  const count = (outcome: string) => metrics.counter("webhook_callbacks_total", { help: "" }).with({ outcome }).value;
  return { origin, stored, post, postRaw, count };
}

/** What a stored record says. */
export function decodedValue(record: OutRecord | undefined): unknown {
  const decoded = codecs.receipt.decode(record!.value!);
  return decoded.ok ? decoded.value : decoded;
}
