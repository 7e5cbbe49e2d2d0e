/** One trace a message, over every service: of those that are sampled, and of those that fail. */
import { randomInt, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { newMessageId } from "../../domain/message/message-id.ts";
import type { ReceivedSpan } from "../fixture/otlp-receiver.ts";
import { behaveAs, CALM, disconnect, produce, produceRaw, until, untilFinal } from "./sluice.ts";

const { ingestUrl, tracesUrl } = inject("sluice");

/** Numbers whose messages fare as their first digits say; the route of otp asks smsc-a, smsc-b and http-c in turn. */
const [DELIVERED, REJECTED_BY_A, UNKNOWN_NUMBER] = ["49151781", "49151782", "49151783"];
const RULES: Readonly<Record<string, readonly object[]>> = {
  "smsc-a": [
    { prefix: DELIVERED, state: "DELIVRD" },
    { prefix: REJECTED_BY_A, state: "REJECTD" },
    { prefix: UNKNOWN_NUMBER, state: "UNDELIV" },
  ],
  "smsc-b": [{ prefix: REJECTED_BY_A, state: "DELIVRD" }],
};

let asBefore: () => Promise<void>;
beforeAll(async () => {
  const of = (rules: readonly object[]) => ({ ...CALM, rules });
  asBefore = await behaveAs(Object.fromEntries(Object.entries(RULES).map(([name, rules]) => [name, of(rules)])));
});
afterAll(async () => {
  await asBefore();
  await disconnect();
});

const number = (prefix: string) => `${prefix}${randomInt(10_000, 99_999)}`;
const traceOf = (messageId: string) => messageId.replaceAll("-", "");
/** As the services find it: the end of the id decides, and the share is one in a hundred. */
const sampled = (messageId: string) => Number.parseInt(traceOf(messageId).slice(20), 16) >= 0.99 * 2 ** 48;

/** An id whose message is in the share, or is not. */
function idThat(isSampled: boolean, make = randomUUID as () => string): string {
  for (;;) {
    const id = make();
    if (sampled(id) === isSampled) return id;
  }
}

async function spansOf(traceId: string, count: number): Promise<ReceivedSpan[]> {
  let spans: ReceivedSpan[] = [];
  await until(
    () => `${count} spans of ${traceId}; here are ${spans.map(({ service, name }) => `${service} ${name}`)}`,
    async () => {
      spans = ((await (await fetch(tracesUrl)).json()) as ReceivedSpan[]).filter((span) => span.traceId === traceId);
      return spans.length >= count;
    },
    20_000,
  );
  return spans.sort((a, b) => Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano));
}

/** Each span as service, name and how it ended; and all but the first one stand under that. */
function outline(spans: readonly ReceivedSpan[], messageId: string): string[] {
  const root = traceOf(messageId).slice(16);
  for (const span of spans) {
    if (span.name === "accept message") expect(span.spanId).toBe(root);
    else expect(span.parentSpanId, span.name).toBe(root);
    expect(Number(span.endTimeUnixNano)).toBeGreaterThanOrEqual(Number(span.startTimeUnixNano));
  }
  return spans.map(
    ({ service, name, status }) => `${service}: ${name}${status.code === 2 ? ` (${status.message})` : ""}`,
  );
}

const toldBy = (spans: readonly ReceivedSpan[]) =>
  spans.map(({ attributes }) => String(attributes["sluice.told_by"]).split("/")[0]);

test("a message whose client traces it is one trace over every service, under the client's span", async () => {
  const [traceId, parent] = [randomUUID().replaceAll("-", ""), "b7ad6b7169203331"];
  const id = idThat(false, newMessageId);
  const answer = await fetch(`${ingestUrl}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: "Bearer acme-demo-key",
      traceparent: `00-${traceId}-${parent}-01`,
    },
    body: JSON.stringify({ id, to: `+${number(DELIVERED)}`, text: "traced", lane: "otp" }),
  });
  expect(answer.status).toBe(202);
  const spans = await spansOf(traceId, 4);
  expect(spans[0]!.parentSpanId).toBe(parent);
  expect(outline(spans, id)).toEqual([
    "ingest: accept message",
    "router: route",
    "sender: submit",
    "dlr-collector: delivery",
  ]);
  expect(toldBy(spans)).toEqual(["ingest", "router", "sender", "dlr-collector"]);
  expect(JSON.stringify(spans)).not.toMatch(new RegExp(`${DELIVERED}|traced"`));
});

test("a message of the share that came straight from Kafka begins its trace in the router", async () => {
  const messageId = idThat(true);
  await produce([{ messageId, to: number(DELIVERED), text: "sampled", lane: "otp" }]);
  const spans = await spansOf(traceOf(messageId), 4);
  expect(outline(spans, messageId)).toEqual([
    "ingest: accept message",
    "router: route",
    "sender: submit",
    "dlr-collector: delivery",
  ]);
  expect(toldBy(spans)).toEqual(["router", "router", "sender", "dlr-collector"]);
});

test("a message that fails is traced from its acceptance to its end, though nobody traced it before", async () => {
  const failed = idThat(false);
  const delivered = idThat(false);
  await produce([
    { messageId: failed, to: number(UNKNOWN_NUMBER), text: "fails", lane: "otp" },
    { messageId: delivered, to: number(DELIVERED), text: "arrives", lane: "otp" },
  ]);
  const spans = await spansOf(traceOf(failed), 4);
  expect(outline(spans, failed)).toEqual([
    "ingest: accept message",
    "router: route",
    "sender: submit",
    expect.stringMatching(/^dlr-collector: delivery \(.*undelivered\)$/),
  ]);
  expect(toldBy(spans)).toEqual(Array(4).fill("dlr-collector"));
  const [accept, route, submit, delivery] = spans;
  // The stages follow each other without a gap.
  expect(route!.startTimeUnixNano).toBe(accept!.startTimeUnixNano);
  expect(submit!.startTimeUnixNano).toBe(route!.endTimeUnixNano);
  expect(delivery!.startTimeUnixNano).toBe(submit!.endTimeUnixNano);
  await untilFinal([delivered]);
  expect(await spansOf(traceOf(delivered), 0), "what goes well is not traced").toEqual([]);
});

test("a message that goes to another provider has both tries in its trace, each told once", async () => {
  const messageId = idThat(false);
  await produce([{ messageId, to: number(REJECTED_BY_A), text: "goes on", lane: "otp" }]);
  const spans = await spansOf(traceOf(messageId), 7);
  expect(outline(spans, messageId)).toEqual([
    "ingest: accept message",
    "router: route",
    "sender: submit",
    expect.stringMatching(/^dlr-collector: delivery \(route .*rejected\)$/),
    "router: route",
    "sender: submit",
    "dlr-collector: delivery",
  ]);
  expect(spans.map(({ attributes }) => attributes["sluice.provider"] ?? "")).toEqual([
    "",
    ...["smsc-a", "smsc-a", "smsc-a"],
    ...["smsc-b", "smsc-b", "smsc-b"],
  ]);
});

test("a dead letter is a trace of its own where its message is not known", async () => {
  await produceRaw("sms.requests.otp", Buffer.from("no avro, and traced"));
  await until("its span", async () =>
    ((await (await fetch(tracesUrl)).json()) as ReceivedSpan[]).some(
      ({ name, service, status }) => name === "dead letter" && service === "router" && status.message === "undecodable",
    ),
  );
});
