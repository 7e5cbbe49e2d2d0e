import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "../faults/until.ts";
import { type InteropCase, same } from "./interop-case.ts";
import { PART_ENVIRONMENT } from "./interop-parts.ts";
import { freshNumber, type SluiceUnderTest } from "./sluice-under-test.ts";

/** A span as the collector's receiver has read it. */
interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: string;
  readonly status: string;
  readonly ms: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Some services export every five seconds. */
const SPANS_MS = 40_000;
const START_MS = 15_000;
/** Of the local catalog. */
const ACME_KEY = "acme-demo-key";
const CLIENTS_SPAN = "b7ad6b7169203331";

/** A message's trace, from its client's span on, as the OpenTelemetry Collector reads it. */
export const COLLECTOR_CASE: InteropCase = {
  name: "OpenTelemetry Collector's OTLP receiver 0.165.0: a message's spans over every service",
  needs: ["collector"],
  limitMs: 90_000,
  run: async (sluice) => {
    const spans: CollectedSpan[] = [];
    const collector = await startCollector(sluice, spans);
    try {
      return await tracedMessage(sluice, spans);
    } finally {
      collector.kill("SIGTERM");
      if (collector.exitCode === null) await once(collector, "exit");
    }
  },
};

async function startCollector(sluice: SluiceUnderTest, spans: CollectedSpan[]): Promise<ChildProcess> {
  const { host } = new URL(sluice.tracesUrl!);
  const child = spawn("./collector", [host], { cwd: sluice.folders.get("collector")!, env: PART_ENVIRONMENT });
  let listening = false;
  let words = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "listening") listening = true;
    else spans.push(JSON.parse(line) as CollectedSpan);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-800);
  });
  await until(
    () => `the collector listens; it says: ${words}`,
    () => listening,
    START_MS,
  );
  return child;
}

async function tracedMessage({ installation }: SluiceUnderTest, spans: readonly CollectedSpan[]): Promise<string> {
  const traceId = randomUUID().replaceAll("-", "");
  const to = freshNumber();
  const answer = await fetch(`${installation.ingestUrl}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${ACME_KEY}`,
      traceparent: `00-${traceId}-${CLIENTS_SPAN}-01`,
    },
    body: JSON.stringify({ to: `+${to}`, text: "seen by a collector", lane: "otp" }),
  });
  same("the answer's status", answer.status, 202);
  const ofTrace = () => spans.filter((span) => span.traceId === traceId);
  await until(
    () => `four spans; there are ${ofTrace().map(({ service, name }) => `${service} ${name}`)}`,
    () => ofTrace().length >= 4,
    SPANS_MS,
  );
  const order = ["ingest", "router", "sender", "dlr-collector"];
  const found = ofTrace().sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service));
  same(
    "services and spans",
    found.map(({ service, name }) => `${service}: ${name}`),
    ["ingest: accept message", "router: route", "sender: submit", "dlr-collector: delivery"],
  );
  const [accepted, ...others] = found;
  same("the first one's parent", accepted!.parentSpanId, CLIENTS_SPAN);
  for (const { name, parentSpanId } of others) same(`the parent of ${name}`, parentSpanId, accepted!.spanId);
  for (const { name, status, ms } of found)
    same(`${name} is no failure, and has a length`, [status, ms >= 0], ["Unset", true]);
  if (JSON.stringify(found).includes(to)) throw new Error("a span has the recipient's number");
  return `4 spans of ${new Set(found.map(({ service }) => service)).size} services in one trace`;
}
