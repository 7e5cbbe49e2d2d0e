import { afterEach, expect, it } from "vitest";
import { SmppClient } from "../../../domain/smpp/client.ts";
import { decodePdu } from "../../../domain/smpp/pdu-decoder.ts";
import type { Anomaly, RequestResult } from "../../../domain/smpp/request-result.ts";
import { type MalformedKind, malformedKinds, malformedPdu } from "../../../infra/simulators/smsc/malformed-pdu.ts";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";
import { SmscSimulator } from "../../../infra/simulators/smsc/smsc.ts";
import { until } from "../smpp/loopback.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A centre that does what `behaviour` says, and one bind to it. */
async function bound(behaviour: Record<string, unknown>) {
  const response = { delay: { kind: "constant", ms: 0 }, ...(behaviour.response as object) };
  const settings = smscSettingsSchema.parse({ port: 0, controlPort: 0, behaviour: { ...behaviour, response } });
  const smsc = new SmscSimulator(settings);
  await smsc.start();
  cleanups.push(() => smsc.stop());
  const ends: string[] = [];
  const anomalies: Anomaly["kind"][] = [];
  const client = new SmppClient(
    {
      host: "127.0.0.1",
      port: smsc.ports.smpp,
      bind: { systemId: "sluice", password: "secret" },
      window: 100,
      responseTimeoutMs: 200,
      enquireLinkMs: 0,
      bindTimeoutMs: 200,
      backoff: { initialMs: 5_000, maxMs: 5_000, permanentMs: 5_000 },
    },
    {
      onUnbound: ({ code }) => ends.push(code),
      onBindFailure: ({ reason }) => ends.push(reason),
      onAnomaly: ({ kind }) => anomalies.push(kind),
    },
  );
  cleanups.push(() => client.stop(0));
  client.start();
  await until(() => client.state === "bound" || ends.length > 0, "bound or refused");
  return { smsc, client, ends, anomalies };
}

async function submitted(client: SmppClient, count: number): Promise<{ results: RequestResult[]; order: number[] }> {
  const results: RequestResult[] = [];
  const order: number[] = [];
  for (let n = 0; n < count; n++)
    client.submit(
      {
        sourceAddr: "Sluice",
        destinationAddr: "491701234567",
        shortMessage: Buffer.from("hello"),
        tlvs: [{ tag: 0x1500, value: `ref-${n}` }],
      },
      (result) => {
        results.push(result);
        order.push(n);
      },
      undefined,
    );
  await until(() => results.length === count, `${count} results`);
  return { results, order };
}

const taken = (smsc: SmscSimulator): number =>
  [...smsc.ledger.entries()].filter(({ parts }) => parts[0]!.accepted).length;
const statsOf = (smsc: SmscSimulator) =>
  smsc.stats() as { responses: Record<string, number>; links: Record<string, number> };

it("takes a message and loses its response", async () => {
  const { smsc, client } = await bound({ response: { lostShare: 1 } });
  const { results } = await submitted(client, 3);
  expect(results.map(({ kind }) => kind)).toEqual(["timeout", "timeout", "timeout"]);
  expect(taken(smsc)).toBe(3);
  expect(statsOf(smsc).responses.lost).toBe(3);
});

it("answers late, twice, in another order, and to nobody", async () => {
  const late = await bound({ response: { lateShare: 1, lateMs: 300 } });
  expect((await submitted(late.client, 1)).results).toEqual([{ kind: "timeout" }]);
  await until(() => late.anomalies.length === 1, "the late one");
  const others = await bound({ response: { twiceShare: 1, strangeShare: 1, shuffled: 20 } });
  const { results, order } = await submitted(others.client, 20);
  expect(results.every(({ kind }) => kind === "response")).toBe(true);
  expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  await until(() => others.anomalies.length === 40, "all anomalies");
  expect([...late.anomalies, ...new Set(others.anomalies)].sort()).toEqual([
    "duplicate_response",
    "late_response",
    "unknown_response",
  ]);
  expect(statsOf(others.smsc).responses).toMatchObject({ twice: 20, strange: 20, shuffled: 20 });
});

it("cuts a connection with so many submits unanswered, some of them taken", async () => {
  const { smsc, client, ends } = await bound({ links: { cutAt: 40, cutAcceptShare: 0.5 } });
  const { results } = await submitted(client, 40);
  expect(results.every((result) => result.kind === "unanswered" && result.sent === "maybe")).toBe(true);
  expect(ends).toHaveLength(1);
  expect(taken(smsc)).toBeGreaterThan(5);
  expect(taken(smsc)).toBeLessThan(35);
  expect(statsOf(smsc).links).toMatchObject({ cuts: 1 });
});

it("does not answer binds, refuses them, or says nothing more after them", async () => {
  expect((await bound({ links: { bind: "silent" } })).ends).toEqual(["no answer to the bind within 200 ms"]);
  expect((await bound({ links: { bind: "refuse" } })).ends).toEqual(["bind refused: ESME_RBINDFAIL"]);
  const { smsc, client, ends } = await bound({ links: { bind: "deaf" }, dark: { acceptShare: 1 } });
  expect([client.state, ends]).toEqual(["bound", []]);
  expect((await submitted(client, 2)).results).toEqual([{ kind: "timeout" }, { kind: "timeout" }]);
  expect(taken(smsc)).toBe(2);
});

it("unbinds, and answers what it has", async () => {
  const { smsc, client, ends } = await bound({ response: { delay: { kind: "constant", ms: 60 } } });
  const all = submitted(client, 5);
  await until(() => taken(smsc) === 5, "all taken");
  smsc.unbind();
  expect((await all).results.every(({ kind }) => kind === "response")).toBe(true);
  await until(() => ends.length === 1, "the end");
  expect(ends).toEqual(["peer_unbound"]);
});

it("throttles whatever the rate", async () => {
  const { client } = await bound({ errors: { throttledShare: 1, throttledStatuses: ["ESME_RMSGQFUL"] } });
  expect((await submitted(client, 1)).results).toMatchObject([{ kind: "response", commandStatus: 0x14 }]);
});

const random = () => 0.5;
const malformed = (kind: MalformedKind) =>
  malformedPdu(kind, { sequence: 0x2a, status: 0, messageId: "ab" }, random).toString("hex");

it("writes malformed PDUs octet by octet as named", () => {
  expect(malformed("without-nul")).toBe("0000001280000004000000000000002a6162");
  expect(malformed("without-id")).toBe("0000001180000004000000000000002a00");
  expect(malformed("cut-off-parameter")).toBe("0000001880000004000000000000002a616200142000ff01");
  expect(malformed("unknown-command")).toBe("0000001700000999000000000000002aaaaaaaaaaaaaaa");
  expect(malformed("length-below-header")).toBe("0000000f800000000000000000000001");
  expect(malformed("length-beyond-limit")).toBe("ffffffff800000000000000000000001");
  expect(malformed("swallowing")).toBe("0000ea60800000000000000000000001");
  const strange = malformedPdu("strange-parameter", { sequence: 1, status: 0, messageId: "ab" }, random);
  expect(decodePdu(strange, 0, strange.length)).toMatchObject({ ok: true, pdu: { messageId: "ab" } });
});

it.each(malformedKinds)("goes on, or is left, after a PDU of the kind %s", async (kind) => {
  const { client, ends, anomalies } = await bound({ response: { malformedShare: 1, malformed: [kind] } });
  const { results } = await submitted(client, 1);
  if (["length-below-header", "length-beyond-limit", "garbage", "swallowing"].includes(kind)) {
    await until(() => ends.length === 1, "the end");
    expect(ends).toEqual(["framing_lost"]);
    expect(results[0]!.kind).not.toBe("response");
    return;
  }
  expect(ends).toEqual([]);
  expect(results).toMatchObject([{ kind: "response", commandStatus: 0 }]);
  expect(anomalies).toHaveLength(kind === "without-id" || kind === "strange-parameter" ? 0 : 1);
});
