import { afterEach, describe, expect, it } from "vitest";
import { type Acknowledge, SmppClient, type SmppClientOptions } from "../../../domain/smpp/client.ts";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { OutgoingShortMessage } from "../../../domain/smpp/pdu.ts";
import type { RequestResult } from "../../../domain/smpp/request-result.ts";
import { tlvTag, tlvText } from "../../../domain/smpp/tlv.ts";
import { smscSettingsSchema } from "../../../infra/simulators/smsc/settings.ts";
import { SmscSimulator } from "../../../infra/simulators/smsc/smsc.ts";
import { until } from "../smpp/loopback.ts";

const clients: SmppClient[] = [];
const simulators: SmscSimulator[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop(0)));
  await Promise.all(simulators.splice(0).map((simulator) => simulator.stop()));
});

const quick = {
  response: { delay: { kind: "constant", ms: 0 } },
  receipts: { delay: { kind: "constant", ms: 20 }, states: { DELIVRD: 1 }, retryMs: 20 },
};

async function simulator(behaviour: Record<string, unknown> = {}, settings: Record<string, unknown> = {}) {
  const merged = { ...quick, ...behaviour, receipts: { ...quick.receipts, ...(behaviour.receipts ?? {}) } };
  const made = new SmscSimulator(
    smscSettingsSchema.parse({ port: 0, controlPort: 0, ackTimeoutMs: 200, ...settings, behaviour: merged }),
  );
  simulators.push(made);
  await made.start();
  return made;
}

interface Esme {
  client: SmppClient;
  events: string[];
  receipts: { id: string; text: string; acknowledge: Acknowledge }[];
  /** Acknowledge receipts at once. */
  acknowledging: boolean;
}

async function esme(to: SmscSimulator, options: Partial<SmppClientOptions> = {}): Promise<Esme> {
  const made: Omit<Esme, "client"> = { events: [], receipts: [], acknowledging: true };
  const client = new SmppClient(
    {
      host: "127.0.0.1",
      port: to.ports.smpp,
      bind: { systemId: "sluice", password: "secret" },
      window: 100,
      responseTimeoutMs: 300,
      enquireLinkMs: 50,
      bindTimeoutMs: 200,
      backoff: { initialMs: 10, maxMs: 40, permanentMs: 200 },
      ...options,
    },
    {
      onUnbound: (reason) => made.events.push(`unbound ${reason.code}`),
      onBindFailure: ({ class: kind, reason }) => made.events.push(`${kind} ${reason}`),
      onDeliver: (pdu, acknowledge) => {
        const id = tlvText(pdu.tlvs, tlvTag.receipted_message_id) ?? "";
        made.events.push(`receipt ${id}`);
        made.receipts.push({ id, text: pdu.shortMessage.toString("latin1"), acknowledge });
        if (made.acknowledging) acknowledge();
      },
    },
  );
  clients.push(client);
  client.start();
  await until(() => client.state === "bound" || made.events.length > 0, "bound or refused");
  return Object.assign(made, { client });
}

const message = (reference: string, changes: Partial<OutgoingShortMessage> = {}): OutgoingShortMessage => ({
  sourceAddr: "Sluice",
  destinationAddr: "491701234567",
  registeredDelivery: 1,
  shortMessage: Buffer.from("hello"),
  tlvs: [{ tag: 0x1500, value: reference }],
  ...changes,
});

function submit(
  { client, events }: Esme,
  reference: string,
  changes: Partial<OutgoingShortMessage> = {},
): Promise<RequestResult> {
  return new Promise((resolve, reject) => {
    const taken = client.submit(
      message(reference, changes),
      (result) => {
        if (result.kind === "response") events.push(`response ${result.messageId}`);
        resolve(result);
      },
      undefined,
    );
    if (taken !== "accepted") reject(new Error(taken));
  });
}

interface Stats {
  submits: Record<string, number>;
  receipts: Record<string, number>;
  peakSegmentsPerSecond: number;
}
const statsOf = (of: SmscSimulator): Stats => of.stats() as Stats;

describe("SmscSimulator", () => {
  it("accepts a message, sends its receipt, and has both in its books", async () => {
    const smsc = await simulator();
    const peer = await esme(smsc);
    const result = await submit(peer, "ref-1");
    if (result.kind !== "response") throw new Error(result.kind);
    expect(result.commandStatus).toBe(0);
    await until(() => statsOf(smsc).receipts.acknowledged === 1, "the receipt");
    expect(peer.receipts).toMatchObject([{ id: result.messageId, text: expect.stringContaining("stat:DELIVRD") }]);
    expect([...smsc.ledger.entries()]).toEqual([
      { reference: "ref-1", parts: [{ part: 1, received: 1, accepted: 1 }] },
    ]);
    expect(statsOf(smsc)).toMatchObject({ submits: { received: 1, accepted: 1 }, receipts: { planned: 1, sent: 1 } });
  });

  it("counts parts by their header and sends a receipt for each", async () => {
    const smsc = await simulator();
    const peer = await esme(smsc);
    for (const part of [1, 2, 2]) {
      const shortMessage = Buffer.from([5, 0, 3, 9, 2, part, 0x61]);
      await submit(peer, "ref-1", { esmClass: 0x40, shortMessage });
    }
    await until(() => peer.receipts.length === 3, "three receipts");
    expect(new Set(peer.receipts.map(({ id }) => id)).size).toBe(3);
    expect([...smsc.ledger.entries()]).toEqual([
      {
        reference: "ref-1",
        parts: [
          { part: 1, received: 1, accepted: 1 },
          { part: 2, received: 2, accepted: 2 },
        ],
      },
    ]);
  });

  it("refuses binds with a wrong name or password, and more binds than allowed", async () => {
    const smsc = await simulator({}, { accounts: [{ systemId: "sluice", password: "secret", maxBinds: 1 }] });
    const wrong = await esme(smsc, { bind: { systemId: "sluice", password: "guess" } });
    expect(wrong.events).toEqual(["permanent bind refused: ESME_RINVPASWD"]);
    const unknown = await esme(smsc, { bind: { systemId: "else", password: "secret" } });
    expect(unknown.events).toEqual(["permanent bind refused: ESME_RINVSYSID"]);
    const first = await esme(smsc);
    expect(first.client.state).toBe("bound");
    const second = await esme(smsc);
    expect(second.events).toEqual(["transient bind refused: ESME_RALYBND"]);
  });

  it("throttles above its rate, and counts what it throttled as received only", async () => {
    const smsc = await simulator({ rate: { segmentsPerSecond: 10, tolerance: 0 } });
    const peer = await esme(smsc);
    const results = await Promise.all(Array.from({ length: 15 }, (_, i) => submit(peer, `ref-${i}`)));
    const statuses = results.map((result) => (result.kind === "response" ? result.commandStatus : -1));
    expect(statuses.filter((status) => status === 0)).toHaveLength(10);
    expect(statuses.filter((status) => status === commandStatus.ESME_RTHROTTLED)).toHaveLength(5);
    const accepted = [...smsc.ledger.entries()].map(({ parts }) => parts[0]!.accepted);
    expect(accepted.reduce((sum, n) => sum + n, 0)).toBe(10);
    expect(statsOf(smsc)).toMatchObject({ submits: { received: 15, throttled: 5 }, peakSegmentsPerSecond: 15 });
  });

  it("sends a receipt before the response when told to", async () => {
    const smsc = await simulator({
      receipts: { beforeResponseShare: 1 },
      ids: { response: "hex", receipt: "decimal" },
    });
    const peer = await esme(smsc);
    const result = await submit(peer, "ref-1");
    if (result.kind !== "response") throw new Error(result.kind);
    const decimal = BigInt(`0x${result.messageId}`).toString();
    expect(peer.events).toEqual([`receipt ${decimal}`, `response ${result.messageId}`]);
  });

  it("sends a receipt on another bind when told to, and on the same one otherwise", async () => {
    const smsc = await simulator({ receipts: { otherBindShare: 1 } });
    const first = await esme(smsc);
    const second = await esme(smsc, { bindType: "bind_receiver" });
    await submit(first, "ref-1");
    await until(() => second.receipts.length === 1, "on the other");
    smsc.updateSettings({ receipts: { otherBindShare: 0 } });
    await submit(first, "ref-2");
    await until(() => first.receipts.length === 1, "on the same");
    expect(second.receipts).toHaveLength(1);
  });

  it("sends a receipt again when it is not acknowledged, refused for now, or its bind breaks", async () => {
    const smsc = await simulator();
    const peer = await esme(smsc);
    peer.acknowledging = false;
    await submit(peer, "ref-1");
    await until(() => peer.receipts.length === 2, "again after the time-out");
    peer.receipts[1]!.acknowledge(commandStatus.ESME_RX_T_APPN);
    await until(() => peer.receipts.length === 3, "again after a refusal");
    await peer.client.stop(0);
    expect(statsOf(smsc).receipts).toMatchObject({ acknowledged: 0, requeued: 3, waitingForBind: 1 });
    const next = await esme(smsc);
    await until(() => statsOf(smsc).receipts.acknowledged === 1, "on the next bind");
    expect(next.receipts.map(({ id }) => id)).toEqual([peer.receipts[0]!.id]);
  });

  it("gives a receipt up when it is refused for good or too often", async () => {
    const smsc = await simulator({ receipts: { maxAttempts: 2 } });
    const peer = await esme(smsc);
    peer.acknowledging = false;
    await submit(peer, "ref-1");
    await until(() => peer.receipts.length === 1, "a receipt");
    peer.receipts[0]!.acknowledge(commandStatus.ESME_RX_R_APPN);
    await until(() => statsOf(smsc).receipts.abandoned === 1, "given up at once");
    await submit(peer, "ref-2");
    await until(() => statsOf(smsc).receipts.abandoned === 2, "given up after two");
    expect(peer.receipts).toHaveLength(3);
  });

  it("goes silent: takes connections, answers nothing, and comes back", async () => {
    const smsc = await simulator();
    const peer = await esme(smsc);
    await submit(peer, "before");
    await smsc.goDark("silent");
    const result = await submit(peer, "dark");
    expect(["timeout", "unanswered"]).toContain(result.kind);
    await until(
      () => peer.events.some((event) => event.startsWith("transient no answer to the bind")),
      "unanswered bind",
    );
    expect(peer.events).toContain("unbound enquire_link_timeout");
    await smsc.goLight();
    await until(() => peer.client.state === "bound", "bound again");
    await until(() => peer.receipts.length === 1, "the receipt of the message before");
    await submit(peer, "after");
    const ledger = [...smsc.ledger.entries()].map(({ reference, parts }) => [
      reference,
      parts[0]!.received,
      parts[0]!.accepted,
    ]);
    expect(ledger).toEqual([
      ["before", 1, 1],
      ["dark", 1, 0],
      ["after", 1, 1],
    ]);
  });

  it("sends what had waited when it comes back on the same connection", async () => {
    const smsc = await simulator();
    const peer = await esme(smsc, { enquireLinkMs: 0, responseTimeoutMs: 10_000 });
    await submit(peer, "ref-1");
    await smsc.goDark("silent");
    await until(() => statsOf(smsc).receipts.waitingForBind === 1, "the receipt waits");
    await smsc.goLight();
    await until(() => peer.receipts.length === 1, "the receipt");
    expect(peer.events.filter((event) => event.startsWith("unbound"))).toEqual([]);
  });

  it("takes messages in the dark without a word when told to, and reports on them later", async () => {
    const smsc = await simulator({ dark: { acceptShare: 1 } });
    const peer = await esme(smsc);
    await smsc.goDark("silent");
    expect((await submit(peer, "dark")).kind).not.toBe("response");
    await smsc.goLight();
    await until(() => peer.receipts.length === 1, "its receipt");
    expect([...smsc.ledger.entries()]).toEqual([{ reference: "dark", parts: [{ part: 1, received: 1, accepted: 1 }] }]);
  });

  it("refuses: drops connections, takes no new ones, and comes back on the same port", async () => {
    const smsc = await simulator();
    const peer = await esme(smsc);
    const { smpp } = smsc.ports;
    await smsc.goDark("refuse");
    await until(() => peer.events.some((event) => event.includes("ECONNREFUSED")), "refused");
    expect(peer.client.state).not.toBe("bound");
    await smsc.goLight();
    expect(smsc.ports.smpp).toBe(smpp);
    await until(() => peer.client.state === "bound", "bound again");
    expect(await submit(peer, "ref-1")).toMatchObject({ kind: "response", commandStatus: 0 });
  });

  it("keeps no more receipts than allowed, and says how many were dropped", async () => {
    const smsc = await simulator({ receipts: { delay: { kind: "constant", ms: 60_000 } } }, { maxPendingReceipts: 2 });
    const peer = await esme(smsc);
    await Promise.all([1, 2, 3].map((n) => submit(peer, `ref-${n}`)));
    expect(statsOf(smsc).receipts).toMatchObject({ planned: 3, waitingForTime: 2, overflowed: 1 });
    smsc.reset();
    expect(statsOf(smsc)).toMatchObject({ submits: { received: 0 }, receipts: { waitingForTime: 0, planned: 0 } });
  });
});
