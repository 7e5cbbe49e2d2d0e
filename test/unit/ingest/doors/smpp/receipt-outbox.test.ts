import { expect, it } from "vitest";
import { commandStatus } from "../../../../../domain/smpp/command-status.ts";
import type { OutgoingShortMessage } from "../../../../../domain/smpp/pdu.ts";
import { shortMessageOctets } from "../../../../../domain/smpp/pdu-encoder.ts";
import type { Admission, RequestResult } from "../../../../../domain/smpp/request-result.ts";
import type { SmppReceipt } from "../../../../../schemas/generated/types.ts";
import { ReceiptOutbox } from "../../../../../services/ingest/doors/smpp/receipts/receipt-outbox.ts";

const TO = {
  ...{ ids: [], asked: 1, sourceTon: 5, sourceNpi: 0, source: "ACME" },
  ...{ destTon: 1, destNpi: 1, dest: "491701234567", reference: null },
};

/** What waits, as the copy has it, and an outbox before it. */
class World {
  readonly waiting = new Map<string, SmppReceipt>();
  readonly removed: string[] = [];
  readonly outcomes: string[] = [];
  pages = 0;
  clock = 0;
  mine = (_account: string, _key: string): boolean => true;
  readonly outbox = new ReceiptOutbox({
    copy: {
      keysOf: async (account, after, limit) => {
        this.pages++;
        const keys = [...this.waiting.keys()].filter((key) => key.startsWith(`${account}/`) && key > (after ?? ""));
        return keys.sort().slice(0, limit);
      },
      receipt: (_, key) => this.waiting.get(key),
    },
    mine: (account, key) => this.mine(account, key),
    remove: (_, key) => void this.removed.push(key),
    metrics: { receipt: (outcome) => void this.outcomes.push(outcome), receiptAge: { record() {} } as never },
    now: () => 0,
    clock: () => this.clock,
  });

  put(id: string, accountId = "acme", more: Partial<SmppReceipt> = {}): string {
    const key = `${accountId}/${id}`;
    const times = { submittedAt: 0, doneAt: 0, at: 0 };
    this.waiting.set(key, { accountId, id, to: TO, state: "DELIVRD", error: "000", ...times, content: null, ...more });
    this.outbox.changed(accountId, key, false);
    return key;
  }

  /** The copy has heard that it has gone. */
  gone(key: string): void {
    this.waiting.delete(key);
    this.outbox.changed(key.slice(0, key.indexOf("/")), key, true);
  }

  async settled(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }
}

class Bind {
  readonly account: { id: string };
  readonly interfaceVersion = 0x34;
  readonly sent: { id: string; end: (result: RequestResult) => void }[] = [];
  room: number;
  readonly session = {
    deliver: (message: OutgoingShortMessage, onResult: (result: RequestResult, context: never) => void): Admission => {
      if (this.room === 0) return "window_full";
      // As a session does, which throws for what it cannot write.
      shortMessageOctets(message);
      this.room--;
      const id = /^id:(\S+)/.exec(Buffer.from(message.shortMessage!).toString())![1]!;
      const end = (result: RequestResult) => {
        this.room++;
        onResult(result, undefined as never);
      };
      this.sent.push({ id, end });
      return "accepted";
    },
  };

  constructor(id = "acme", room = 2) {
    this.account = { id };
    this.room = room;
  }

  get ids(): string[] {
    return this.sent.map(({ id }) => id);
  }

  answer(at: number, status = 0): void {
    this.sent[at]!.end({ kind: "response", commandStatus: status, messageId: "" });
  }
}

it("what waits is delivered when a bind comes, as fast as it is acknowledged, and removed only then", async () => {
  const world = new World();
  for (const id of ["a", "b", "c"]) world.put(id);
  expect(world.pages).toBe(0);
  const bind = new Bind();
  world.outbox.add(bind);
  await world.settled();
  expect(bind.ids).toEqual(["a", "b"]);
  expect(world.removed).toEqual([]);
  bind.answer(0);
  await world.settled();
  expect(world.removed).toEqual(["acme/a"]);
  expect(bind.ids).toEqual(["a", "b", "c"]);
});

it("one that is acknowledged is not delivered again while the copy has not heard of it", async () => {
  const world = new World();
  const key = world.put("a");
  const bind = new Bind();
  world.outbox.add(bind);
  await world.settled();
  bind.answer(0);
  world.clock += 60_000;
  world.put("b");
  await world.settled();
  expect(bind.ids).toEqual(["a", "b"]);
  world.gone(key);
  world.put("a");
  await world.settled();
  expect(bind.ids).toEqual(["a", "b", "a"]);
});

it("a broken connection, a refusal for now and silence lead to another delivery; a refusal for good does not", async () => {
  const world = new World();
  for (const id of ["a", "b", "c", "d"]) world.put(id);
  const bind = new Bind("acme", 4);
  world.outbox.add(bind);
  await world.settled();
  bind.answer(0, commandStatus.ESME_RX_T_APPN);
  bind.answer(1, commandStatus.ESME_RX_P_APPN);
  bind.sent[2]!.end({ kind: "timeout" });
  bind.sent[3]!.end({ kind: "unanswered", sent: "maybe", reason: { code: "peer_closed", detail: "" } });
  await world.settled();
  expect(bind.ids).toEqual(["a", "b", "c", "d", "d"]);
  expect(world.removed).toEqual(["acme/b"]);
  world.clock += 31_000;
  world.outbox.look();
  await world.settled();
  expect(bind.ids).toEqual(["a", "b", "c", "d", "d", "a", "c"]);
});

it("an account without a bind holds up nobody, and is not read", async () => {
  const world = new World();
  for (let i = 0; i < 5_000; i++) world.put(String(i).padStart(6, "0"), "absent");
  world.put("a");
  const bind = new Bind();
  world.outbox.add(bind);
  await world.settled();
  expect(bind.ids).toEqual(["a"]);
  expect(world.pages).toBe(1);
});

it("many are read page by page, each once, while they are acknowledged", async () => {
  const world = new World();
  for (let i = 0; i < 2_000; i++) world.put(String(i).padStart(6, "0"));
  const bind = new Bind("acme", 10);
  world.outbox.add(bind);
  for (let at = 0; at < 2_000; at++) {
    for (let i = 0; i < 50 && bind.sent.length <= at; i++) await world.settled();
    bind.answer(at);
    world.gone(`acme/${bind.sent[at]!.id}`);
  }
  await world.settled();
  expect(new Set(bind.ids).size).toBe(2_000);
  expect(bind.ids).toHaveLength(2_000);
});

it("what is another instance's is left to it, and taken over when that one has gone", async () => {
  const world = new World();
  world.mine = (_, key) => key.endsWith("a");
  world.put("a");
  world.put("b");
  const bind = new Bind();
  world.outbox.add(bind);
  await world.settled();
  expect(bind.ids).toEqual(["a"]);
  world.mine = () => true;
  world.clock += 6_000;
  world.outbox.look();
  await world.settled();
  expect(bind.ids).toEqual(["a", "b"]);
});

it("one that no deliver_sm can carry is given up, and those behind it go", async () => {
  const world = new World();
  world.put("a", "acme", { to: { ...TO, source: "x".repeat(30) } });
  world.put("b");
  const bind = new Bind();
  world.outbox.add(bind);
  await world.settled();
  expect(bind.ids).toEqual(["b"]);
  expect(world.removed).toEqual(["acme/a"]);
  expect(world.outcomes).toEqual(["unsendable"]);
});

it("what comes while nothing waits is delivered at once, and nothing is read for it", async () => {
  const world = new World();
  const bind = new Bind("acme", 3);
  world.outbox.add(bind);
  await world.settled();
  const pages = world.pages;
  for (const id of ["a", "b"]) world.put(id);
  expect(bind.ids).toEqual(["a", "b"]);
  world.put("a");
  expect(bind.ids).toEqual(["a", "b"]);
  expect(world.pages).toBe(pages);
});

it("a client that refuses all for now, however many, is asked again, and has all when it takes them", async () => {
  const world = new World();
  const bind = new Bind("acme", 50);
  world.outbox.add(bind);
  const many = 20_010;
  for (let i = 0; i < many; i++) world.put(String(i).padStart(6, "0"));
  let at = 0;
  const answerAll = async (status: number) => {
    for (let i = 0; i < 5; i++) await world.settled();
    while (at < bind.sent.length) {
      if (status === 0) world.waiting.delete(`acme/${bind.sent[at]!.id}`);
      bind.answer(at, status);
      if (status === 0) world.gone(`acme/${bind.sent[at]!.id}`);
      at++;
      if (at === bind.sent.length) await world.settled();
    }
  };
  await answerAll(commandStatus.ESME_RX_T_APPN);
  expect(at).toBe(20_000);
  for (let i = 0; i < 100 && world.waiting.size > 0; i++) {
    world.clock += 31_000;
    world.outbox.look();
    await answerAll(0);
  }
  expect(world.waiting.size).toBe(0);
  expect(new Set(bind.ids).size).toBe(many);
});

it("a client that unbinds and is back at once does not get again what it has acknowledged, and gets what it has not", async () => {
  const world = new World();
  for (const id of ["a", "b", "c"]) world.put(id);
  const first = new Bind("acme", 2);
  world.outbox.add(first);
  await world.settled();
  first.answer(0, commandStatus.ESME_ROK);
  first.answer(1, commandStatus.ESME_RX_T_APPN);
  first.sent[2]!.end({ kind: "unanswered", sent: "maybe", reason: { code: "peer_closed", detail: "" } });
  first.room = 0;
  world.outbox.remove(first);
  expect(world.outbox.receiving).toEqual([]);
  world.put("d");
  const second = new Bind("acme", 10);
  world.outbox.add(second);
  await world.settled();
  expect(world.outbox.receiving).toEqual(["acme"]);
  expect(second.ids).toEqual(["b", "c", "d"]);
  second.answer(0);
  world.outbox.remove(second);
  for (const key of ["acme/a", "acme/b"]) world.gone(key);
  // Written anew since: it is another one.
  world.put("a");
  const third = new Bind("acme", 10);
  world.outbox.add(third);
  await world.settled();
  expect(third.ids).toEqual(["a", "c", "d"]);
});

/** A bind that notes what it gets, and answers as it is told. */
class InboundBind {
  readonly account = { id: "acme" };
  readonly interfaceVersion = 0x34;
  readonly sent: OutgoingShortMessage[] = [];
  readonly ends: ((result: RequestResult) => void)[] = [];
  room = 10;
  readonly session = {
    deliver: (message: OutgoingShortMessage, onResult: (result: RequestResult, context: never) => void): Admission => {
      if (this.room === 0) return "window_full";
      shortMessageOctets(message);
      this.sent.push(message);
      this.ends.push((result) => onResult(result, undefined as never));
      return "accepted";
    },
  };
}

const handset = (octets: string, header = false) => ({
  ...{ state: "RECEIVED", content: { dataCoding: header ? 8 : 0, header, octets: Buffer.from(octets) } },
});

it("a message from a handset is a deliver_sm of no other type, from the handset to the account's number", async () => {
  const world = new World();
  const bind = new InboundBind();
  world.outbox.add(bind);
  world.put("in-00000000000001-a", "acme", handset("Hi"));
  await world.settled();
  expect(bind.sent).toEqual([
    {
      ...{ sourceAddr: "491701234567", sourceAddrTon: 1, sourceAddrNpi: 1, destinationAddr: "ACME", destAddrTon: 5 },
      ...{ destAddrNpi: 0, esmClass: 0, dataCoding: 0, shortMessage: Buffer.from("Hi") },
    },
  ]);
  // Not answered: again on another bind, and removed only when one has acknowledged it.
  bind.ends[0]!({ kind: "unanswered" } as RequestResult);
  world.outbox.remove(bind);
  expect(world.removed).toEqual([]);
  const other = new InboundBind();
  world.outbox.add(other);
  await world.settled();
  expect(other.sent).toHaveLength(1);
  other.ends[0]!({ kind: "response", commandStatus: 0, messageId: "" });
  expect(world.removed).toEqual(["acme/in-00000000000001-a"]);
});

it("the parts of a message go to one bind, which they wait for, and are one instance's", async () => {
  const world = new World();
  const asked = new Set<string>();
  world.mine = (_, key) => Boolean(asked.add(key));
  const binds = [new InboundBind(), new InboundBind(), new InboundBind()];
  for (const bind of binds) world.outbox.add(bind);
  // What comes between them goes to the next bind in turn, which is not theirs.
  for (const part of ["001", "002", "003"]) {
    world.put(`in-00000000000001-a/${part}`, "acme", handset(part, true));
    await world.settled();
    world.put(`in-0000000000000${part}-other`, "acme", handset("other"));
    await world.settled();
  }
  const parts = binds.map(({ sent }) => sent.filter(({ esmClass }) => esmClass === 0x40));
  for (const bind of binds) bind.sent.splice(0, bind.sent.length, ...parts[binds.indexOf(bind)]!);
  expect(binds.map(({ sent }) => sent.length).sort()).toEqual([0, 0, 3]);
  const its = binds.find(({ sent }) => sent.length > 0)!;
  expect(
    its.sent.map(({ esmClass, dataCoding, shortMessage }) => [esmClass, dataCoding, String(shortMessage)]),
  ).toEqual([
    [0x40, 8, "001"],
    [0x40, 8, "002"],
    [0x40, 8, "003"],
  ]);
  expect([...asked].filter((key) => !key.endsWith("other"))).toEqual(["acme/in-00000000000001-a"]);
  its.room = 0;
  world.put("in-00000000000001-a/004", "acme", handset("004", true));
  await world.settled();
  expect(binds.flatMap(({ sent }) => sent)).toHaveLength(3);
  its.room = 1;
  world.outbox.capacity(its);
  await world.settled();
  expect(its.sent).toHaveLength(4);
});
