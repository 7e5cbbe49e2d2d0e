import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ExportedBatch, noTracing, startTracing } from "../../../../platform/telemetry/tracing.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../../../fixture/otlp-receiver.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const ROOT = "8448eb211c80319c";
const SPAN = { name: "work", traceId: TRACE, start: 1_000, end: 2_000 };

let otlp: OtlpReceiver;
beforeEach(async () => {
  otlp = await startOtlpReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await otlp.close();
  trace.disable();
  metrics.disable();
  context.disable();
  propagation.disable();
});

const start = (over: Partial<Parameters<typeof startTracing>[0]> = {}) =>
  startTracing({ service: "router", instance: "r-1", ratio: 1, ...over });

test("without an endpoint nothing is recorded", async () => {
  const tracing = await start({ env: {} });
  expect(tracing).toBe(noTracing);
  expect(tracing.samples(TRACE)).toBe(false);
});

test("the SDK's own switch turns traces off, and nothing waits for it", async () => {
  vi.stubEnv("OTEL_SDK_DISABLED", "True");
  expect(await start()).toBe(noTracing);
  vi.stubEnv("OTEL_SDK_DISABLED", "false");
  const tracing = await start();
  expect(tracing.enabled).toBe(true);
  await tracing.close();
});

test("spans are exported by OTLP with the ids, parent, kind, times and failure that they are given", async () => {
  const tracing = await start();
  const since = Date.now() - 5_000;
  tracing.record({ ...SPAN, name: "accept", kind: "server", spanId: ROOT, start: since, end: since + 20 });
  tracing.record({
    ...SPAN,
    name: "submit",
    kind: "client",
    parentSpanId: ROOT,
    start: since + 30,
    end: since,
    error: "refused",
  });
  await tracing.close();
  expect(otlp.paths).toEqual(["/v1/traces"]);
  const [accept, submit] = otlp.spans;
  const nano = (ms: number) => `${ms}000000`;
  expect(accept).toMatchObject({ service: "router", traceId: TRACE, spanId: ROOT, kind: 2, status: {} });
  expect(accept!.parentSpanId).toBeFalsy();
  expect([accept!.startTimeUnixNano, accept!.endTimeUnixNano]).toEqual([nano(since), nano(since + 20)]);
  expect(submit).toMatchObject({
    traceId: TRACE,
    parentSpanId: ROOT,
    kind: 3,
    status: { code: 2, message: "refused" },
  });
  expect(submit!.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
  expect(submit!.endTimeUnixNano, "none ends before it begins").toBe(nano(since + 30));
  expect(submit!.attributes["sluice.told_by"]).toBe("router/r-1");
});

test("what one service tells of another's work stands under the other's name", async () => {
  const tracing = await start();
  for (const service of ["sender", "sender", "router", undefined]) tracing.record({ ...SPAN, service });
  await tracing.close();
  expect(otlp.spans.map(({ service }) => service).sort()).toEqual(["router", "router", "sender", "sender"]);
  expect(new Set(otlp.spans.map(({ attributes }) => attributes["sluice.told_by"]))).toEqual(new Set(["router/r-1"]));
});

test("the share is a matter of the trace's id, so that everybody finds the same", async () => {
  const share = async (ratio: number) => {
    const tracing = await start({ ratio });
    let sampled = 0;
    for (let i = 0; i < 10_000; i++) {
      const end = ((BigInt(i) * 0x9e3779b97f4a7c15n) % 2n ** 48n).toString(16).padStart(12, "0");
      if (tracing.samples(`0af7651916cd43dd8448${end}`)) sampled++;
    }
    await tracing.close();
    trace.disable();
    return sampled;
  };
  expect(await share(0)).toBe(0);
  expect(await share(1)).toBe(10_000);
  expect(Math.abs((await share(0.05)) - 500)).toBeLessThan(50);
});

test("what is exported is told, and what cannot be", async () => {
  const batches: ExportedBatch[] = [];
  const tracing = await start({ onExport: (batch) => void batches.push(batch) });
  tracing.record(SPAN);
  tracing.record(SPAN);
  await tracing.close();
  expect(batches).toEqual([{ spans: 2, outcome: "exported" }]);
  trace.disable();
  // A status that is not tried again.
  otlp.refuse = 400;
  const refused = await start({ onExport: (batch) => void batches.push(batch) });
  refused.record(SPAN);
  await refused.close().catch(() => {});
  expect(batches[1]).toMatchObject({ spans: 1, outcome: "lost", error: expect.any(Error) });
});

test("while the receiver does not answer so many spans wait and no more; the others are dropped and counted", async () => {
  otlp.silent = true;
  let dropped = 0;
  const onExport = ({ outcome, spans }: ExportedBatch) => {
    if (outcome === "dropped") dropped += spans;
  };
  const tracing = await start({ onExport });
  for (let i = 0; i < 5_000; i++) tracing.record(SPAN);
  expect(dropped).toBe(5_000 - 2_048);
  otlp.speak();
  await tracing.close();
  expect(otlp.spans).toHaveLength(2_048);
});

test("where the SDK's queue is made smaller fewer wait, and tracing goes on after the queue was full", async () => {
  vi.stubEnv("OTEL_BSP_MAX_QUEUE_SIZE", "100");
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "10");
  const told = { exported: 0, lost: 0, dropped: 0 };
  const onExport = ({ outcome, spans }: ExportedBatch) => {
    told[outcome] += spans;
  };
  const tracing = await start({ onExport });
  // More than our own bound in all: none of them may be waited for that the SDK has let go.
  for (let round = 1; round <= 6; round++) {
    for (let i = 0; i < 500; i++) tracing.record(SPAN);
    await expect.poll(() => told.exported, { timeout: 5_000 }).toBe(round * 100);
  }
  expect(told).toEqual({ exported: 600, lost: 0, dropped: 2_400 });
  await tracing.close();
});
