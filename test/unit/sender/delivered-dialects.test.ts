/** Octets as centres send them, from the socket to the record and back to the response. */
import type { Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { providerSchema, type SmppProvider } from "../../../domain/catalog/provider.ts";
import { encodePdu } from "../../../domain/smpp/pdu-encoder.ts";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import { DeliveredWriter } from "../../../services/sender/delivered-writer.ts";
import { RecentSubmissions } from "../../../services/sender/recent-submissions.ts";
import { senderMetrics } from "../../../services/sender/sender-metrics.ts";
import { SmppLink } from "../../../services/sender/smpp-link.ts";
import { Submission } from "../../../services/sender/submission.ts";
import { listen, until } from "../smpp/loopback.ts";
import { dispatchOf } from "./dispatches.ts";

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A centre that accepts the bind and says what it is told to, and a link of ours to it. */
async function world(smpp: object = {}) {
  let socket: Socket | undefined;
  let answers = "";
  const { server, port } = await listen((accepted) => {
    socket = accepted;
    cleanups.push(() => accepted.destroy());
    accepted.on("data", (chunk: Buffer) => {
      const isBind = chunk.readUInt32BE(4) === 9;
      if (!isBind) answers += chunk.toString("hex");
      else
        accepted.write(
          encodePdu({
            command: "bind_transceiver_resp",
            commandStatus: 0,
            sequence: chunk.readUInt32BE(12),
            systemId: "smsc",
            tlvs: [],
          }),
        );
    });
  });
  cleanups.push(() => server.close());
  const provider = providerSchema.parse({
    id: "alpha",
    kind: "smpp",
    rate: 10,
    prices: [],
    currency: "EUR",
    smpp: { host: "127.0.0.1", port, systemId: "s", password: "p", ...smpp },
  }) as SmppProvider;
  const stored: OutRecord[] = [];
  const metrics = senderMetrics(new MetricRegistry(), "alpha");
  const known = new RecentSubmissions();
  const writer = new DeliveredWriter({
    provider,
    codecs,
    producer: { hasRoom: true, send: async (records) => void stored.push(...records) },
    partitions: 6,
    metrics,
    now: () => 5,
    known,
  });
  const link = new SmppLink({
    provider,
    log: silentLog,
    submissions: known,
    onDeliver: (pdu, acknowledge) => writer.take(pdu, acknowledge),
  });
  link.start({
    onUp: () => {},
    onDown: () => {},
    onLeaving: () => true,
    onRoom: () => {},
    onResult: () => {},
    onLate: () => {},
  });
  cleanups.push(() => link.stop(0));
  await until(() => link.up && socket !== undefined, "bound");
  const says = async (octets: string, responses = 1): Promise<string> => {
    answers = "";
    socket!.write(Buffer.from(octets.replaceAll(/\s/g, ""), "hex"));
    await until(() => answers.length >= responses * 34, "answered");
    return answers;
  };
  const receipts = () =>
    stored.map(({ topic, key, value }) => {
      const decoded = codecs.receipt.decode(value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      return { topic, key, ...decoded.value };
    });
  /** Submits to a number; the centre takes it under an id. @returns the destination_addr that it got */
  const submits = async (to: string, id: string): Promise<string> => {
    answers = "";
    const units = link.prepare(dispatchOf({ facts: { to, from: null } }), 1_000_000);
    if (typeof units === "string") throw new Error(units);
    expect(link.send(new Submission(units), 0)).toBe("sent");
    await until(() => answers.length >= 34, "submitted");
    const pdu = Buffer.from(answers, "hex");
    const taken = { command: "submit_sm_resp", commandStatus: 0, messageId: id, tlvs: [] } as const;
    socket!.write(encodePdu({ ...taken, sequence: pdu.readUInt32BE(12) }));
    // Behind the header, service_type and the source stand empty, and the destination's type and plan.
    return pdu.toString("latin1", 16 + 6, pdu.indexOf(0, 16 + 6));
  };
  return { says, stored, receipts, known, metrics, submits };
}

const TAKEN = "0000001180000005000000000000000700";
/** A deliver_sm (sequence 7) from the handset to ACME. */
function deliverSm(
  content: string | Uint8Array,
  change: { esm?: number; coding?: number; behind?: string } = {},
): string {
  const { esm = 4, coding = 0, behind = "" } = change;
  const octets = Buffer.from(content as string, "latin1");
  const head = Buffer.from("000101343931373030303030303132000500" + "41434d4500", "hex");
  const fields = Buffer.from([esm, 0, 0, 0, 0, 0, 0, coding, 0, octets.length]);
  const body = Buffer.concat([head, fields, octets, Buffer.from(behind, "hex")]);
  const length = (16 + body.length).toString(16).padStart(8, "0");
  return `${length}000000050000000000000007${body.toString("hex")}`;
}

const R = "id:5501 stat:DELIVRD err:000";
const wide = Buffer.from(R, "utf16le").swap16();

test.each([
  ["a NUL behind short_message", deliverSm(R, { behind: "00" })],
  ["a parameter that is cut off", deliverSm(R, { behind: "140300086162" })],
  ["UTF-16BE under data_coding 8", deliverSm(wide, { coding: 8 })],
  ["ASCII under data_coding 8", deliverSm(R, { coding: 8 })],
  [
    "esm_class 0 and the parameters of receipts",
    "0000003f00000005000000000000000700010134393137303030303030313200050041434d450000000000000000000000001e000535353031000427000102",
  ],
  ["a word without its label", deliverSm("id:5501 done date:2611231402 DELIVRD err:000")],
  ["a passing state in its parameters", deliverSm(R, { behind: "0427000101" })],
])("a receipt with %s is delivered, and acknowledged", async (_what, octets) => {
  const { says, receipts } = await world();
  expect(await says(octets)).toBe(TAKEN);
  expect(receipts()).toMatchObject([
    { topic: "sms.receipts", key: "491700000012", providerMessageId: "5501", state: "delivered", inbound: null },
  ]);
});

test.each(["plus", "00"])(
  "a receipt is of the number, where the centre wants it with the prefix %s",
  async (prefix) => {
    const { says, receipts, submits } = await world({ addresses: { destination: { prefix } } });
    expect(await submits("491700000012", "5501")).toMatch(/^(?:\+|00)491700000012$/);
    expect(await says(deliverSm(R))).toBe(TAKEN);
    expect(receipts()).toMatchObject([{ topic: "sms.receipts", key: "491700000012", to: "491700000012" }]);
  },
);

test("data_sm carries a receipt, and gets data_sm_resp", async () => {
  const { says, receipts } = await world();
  const octets =
    "0000003800000103000000000000000700010134393137303030303030313200050041434d4500040000001e000535353031000427000102";
  expect(await says(octets)).toBe("0000001180000103000000000000000700");
  expect(receipts()).toMatchObject([{ key: "491700000012", providerMessageId: "5501", state: "delivered" }]);
});

test("GSM octets under data_coding 0 and 1 give the id that was meant", async () => {
  const { says, receipts } = await world();
  for (const coding of [0, 1]) await says(deliverSm("id:abc\x111 stat:DELIVRD err:000", { coding }));
  expect(receipts().map(({ providerMessageId }) => providerMessageId)).toEqual(["abc_1", "abc_1"]);
});

test.each(["BUFFRED", "DND_FAIL", "ACCEPTD", "NONSENSE"])(
  "stat:%s is acknowledged, under way, and keeps its code",
  async (word) => {
    const { says, receipts } = await world();
    expect(await says(deliverSm(`id:5501 stat:${word} err:409`))).toBe(TAKEN);
    expect(receipts()).toMatchObject([{ state: "enroute", errorCode: "409" }]);
  },
);

test("an intermediate notification ends nothing", async () => {
  const { says, receipts } = await world();
  expect(await says(deliverSm("id:5501 stat:UNDELIV err:011", { esm: 0x20 }))).toBe(TAKEN);
  expect(receipts()).toMatchObject([{ state: "enroute", errorCode: "011" }]);
});

test("whatever stands in a deliver_sm, it is answered once and the link goes on", async () => {
  const { says, stored } = await world();
  const contents = [
    "",
    "\0",
    "id:",
    "id:\0",
    "\xff\xfe",
    "text:",
    "id:5 stat:",
    "\x1b",
    "id:1 stat:DELIVRD text:\0id:2",
  ];
  for (const esm of [0, 4, 0x20, 0x40, 0x44, 0x08, 0x18, 0xff])
    for (const coding of [0, 1, 3, 4, 5, 8, 0x19, 0xf5, 0xff])
      await says(contents.map((content) => deliverSm(content, { esm, coding })).join(""), contents.length);
  expect(stored.length).toBeGreaterThan(0);
});

test("parts say which they are, in whatever order, and the same one twice is one record", async () => {
  const { says, stored } = await world();
  const second = deliverSm(Buffer.from("0500032a0202" + "0041", "hex"), { esm: 0x40, coding: 8 });
  const first = deliverSm(Buffer.from("0500032a0201" + "0414", "hex"), { esm: 0x40, coding: 0x19 });
  expect(await says(second + first + second, 3)).toBe(TAKEN + TAKEN + TAKEN);
  const records = stored.map(({ value }) => codecs.inbound.decode(value!));
  expect(records).toMatchObject([
    { value: { reference: 0x2a, total: 2, part: 2, text: "A" } },
    { value: { reference: 0x2a, total: 2, part: 1, text: "Д" } },
  ]);
  expect(new Set(stored.map(({ headers }) => headers?.id)).size).toBe(2);
});
