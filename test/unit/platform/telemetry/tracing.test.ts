import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { afterEach, expect, test, vi } from "vitest";
import { type ExportedBatch, noTracing, startTracing } from "../../../../platform/telemetry/tracing.ts";

interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
}

/** An OTLP receiver that keeps what it is sent. */
async function receiver() {
  const bodies: { resourceSpans: { resource: unknown; scopeSpans: { spans: ExportedSpan[] }[] }[] }[] = [];
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      paths.push(request.url ?? "");
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const spans = () => bodies.flatMap((body) => body.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, paths, bodies, spans, close };
}

afterEach(() => {
  vi.unstubAllEnvs();
  trace.disable();
  metrics.disable();
  context.disable();
  propagation.disable();
});

test("without an endpoint nothing is recorded", async () => {
  const tracing = await startTracing({ service: "s", instance: "i", ratio: 1, env: {} });
  expect(tracing).toBe(noTracing);
  expect(tracing.root("x")).toBeUndefined();
});

test("spans are exported by OTLP with parent, kind, time and failure", async () => {
  const otlp = await receiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url);
  const tracing = await startTracing({ service: "router", instance: "r-1", ratio: 1 });
  const startTime = Date.now() - 5_000;
  const root = tracing.root("accept", { kind: "server", startTime, attributes: { lane: "fast" } })!;
  const child = tracing.child("submit", root.context, { kind: "client" })!;
  child.set({ attempt: 2 });
  child.end(new Error("refused"));
  root.end();
  expect(child.context.traceId).toBe(root.context.traceId);
  await tracing.close();
  const spans = new Map(otlp.spans().map((span) => [span.name, span]));
  expect(otlp.paths).toEqual(["/v1/traces"]);
  expect(JSON.stringify(otlp.bodies)).toContain('"router"');
  expect(spans.get("accept")).toMatchObject({ ...idsOf(root.context), kind: 2 });
  expect(Number(spans.get("accept")!.startTimeUnixNano) / 1e6).toBeCloseTo(startTime, -1);
  expect(spans.get("submit")).toMatchObject({
    ...idsOf(child.context),
    parentSpanId: root.context.spanId,
    kind: 3,
    status: { code: 2, message: "refused" },
  });
  await otlp.close();
});

function idsOf({ traceId, spanId }: { traceId: string; spanId: string }) {
  return { traceId, spanId };
}

test("the ratio decides about new traces only; children follow their parent", async () => {
  const otlp = await receiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url);
  const draws = [0.005, 0.5, 0.01];
  const tracing = await startTracing({ service: "s", instance: "i", ratio: 0.01, random: () => draws.shift() ?? 0.9 });
  expect([tracing.root("a"), tracing.root("b"), tracing.root("c")].map((span) => span !== undefined)).toEqual([
    true,
    false,
    false,
  ]);
  expect(tracing.child("d", undefined)).toBeUndefined();
  const ids = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
  expect(tracing.child("e", { ...ids, sampled: false })).toBeUndefined();
  expect(tracing.child("f", { ...ids, sampled: true })?.context).toMatchObject({ traceId: ids.traceId, sampled: true });
  await tracing.close();
  await otlp.close();
});

test("what cannot be exported is told, and what is exported too", async () => {
  const otlp = await receiver();
  const batches: ExportedBatch[] = [];
  const options = {
    service: "s",
    instance: "i",
    ratio: 1,
    onExport: (batch: ExportedBatch) => void batches.push(batch),
  };
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url);
  const good = await startTracing(options);
  good.root("a")!.end();
  good.root("b")!.end();
  await good.close();
  await otlp.close();
  expect(batches).toEqual([{ spans: 2, error: undefined }]);

  // Answered at once with a status that is not tried again.
  const refusing = createServer((request, response) => {
    request.resume();
    response.writeHead(400).end();
  });
  await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
  trace.disable();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`);
  const bad = await startTracing(options);
  bad.root("c")!.end();
  await bad.close().catch(() => {});
  refusing.closeAllConnections();
  refusing.close();
  expect(batches[1]).toMatchObject({ spans: 1, error: expect.any(Error) });
});
