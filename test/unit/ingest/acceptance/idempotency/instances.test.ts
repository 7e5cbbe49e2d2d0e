import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MetricRegistry } from "../../../../../platform/telemetry/metric-registry.ts";
import type { Acceptor } from "../../../../../services/ingest/acceptance/acceptor.ts";
import { fingerprintOfBatch } from "../../../../../services/ingest/acceptance/idempotency/fingerprint.ts";
import { RecentAcceptances } from "../../../../../services/ingest/acceptance/recent-acceptances.ts";
import { offersOf } from "../../../../../services/ingest/doors/rest/batch-route.ts";
import { freshFolder } from "../../../platform/store/store-world.ts";
import { ACME, FakeWriter, MESSAGE, newAcceptor, PATIENT, testCodecs } from "../../ingest-harness.ts";
import { KeyLog, type OpenCopy } from "./key-log.ts";

/** One of several instances of ingest, with its own memory and disk, on one log. */
interface Instance {
  readonly acceptor: Acceptor;
  readonly writer: FakeWriter;
  readonly keys: OpenCopy;
  /** What analytics has; undefined: it cannot be asked. */
  analytics: Set<string> | undefined;
  readonly asked: string[];
  /** Whether it tells whose messages are stored. */
  tells: boolean;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
/** How long another instance may be at work on a request. */
const AT_WORK = 6 * SECOND;

const codecs = await testCodecs();
let log: KeyLog;
let one: Instance;
let other: Instance;
beforeEach(async () => {
  log = new KeyLog();
  one = await start();
  other = await start();
}, PATIENT.timeout);
afterEach(() => log.close());

async function start(folder?: string): Promise<Instance> {
  const own = log;
  const keys = await own.open(folder);
  const writer = new FakeWriter();
  writer.onSend = own.write;
  const instance: Instance = {
    ...{ writer, keys, analytics: new Set<string>(), asked: [], tells: true },
    acceptor: newAcceptor({
      ...{ writer, codecs, metrics: new MetricRegistry(), acceptTimeoutMs: 50 },
      recent: new RecentAcceptances(100, performance.now()),
      keys: {
        copy: keys.copy,
        atWorkMs: AT_WORK,
        now: () => own.now,
        told: async (records) => (instance.tells ? own.write(records) : undefined),
        known: async (ids) => {
          instance.asked.push(...ids);
          if (instance.analytics === undefined) throw new Error("ClickHouse does not answer");
          return new Set(ids.filter((id) => instance.analytics!.has(id)));
        },
      },
    }),
  };
  return instance;
}

const send = ({ acceptor }: Instance, message: object = MESSAGE, key = "order-17", account = ACME) =>
  acceptor.accept(account, [{ message, key }]);
const ids = (records: FakeWriter["records"]) => records.map(({ headers }) => headers?.id);
/** Until the log says of the key that its message is stored. */
const untilTold = (instance: Instance, key = "order-17") =>
  expect
    .poll(async () => {
      const before = instance.writer.sends.length;
      const repeat = await send(instance, MESSAGE, key);
      return repeat.outcome === "accepted" && instance.writer.sends.length === before;
    }, PATIENT)
    .toBe(true);

describe("a repeat on another instance", () => {
  it("has the same answer, whenever it comes within 24 hours, and nothing is written", async () => {
    const first = await send(one);
    expect(first).toMatchObject({ outcome: "accepted", acceptedAt: log.now, results: [{ status: "accepted" }] });
    await untilTold(other);
    for (const hours of [0, 11, 12.9]) {
      log.now += hours * HOUR;
      await other.keys.asked();
      expect(await send(other)).toEqual(first);
    }
    expect(other.writer.sends).toEqual([]);
    expect(other.asked).toEqual([]);
  });

  it("is a new message after 24 hours", async () => {
    const first = await send(one);
    await untilTold(other);
    log.now += 24 * HOUR + 1;
    await other.keys.asked();
    const again = await send(other);
    expect(again).toMatchObject({ outcome: "accepted", acceptedAt: log.now });
    expect(ids(other.writer.records)).toEqual(ids(one.writer.records));
    expect(first.outcome).toBe("accepted");
  });

  it.each([
    ["another text", { text: "another" }],
    ["another destination", { to: "+491701234568" }],
    ["another lane", { lane: "marketing" }],
    ["a label", { metadata: { a: "b" } }],
  ])("is a conflict with %s, and nothing is written", async (_, change) => {
    await send(one);
    const conflict = await send(other, { ...MESSAGE, ...change });
    expect(conflict).toMatchObject({ results: [{ status: "rejected", kind: "conflict" }] });
    expect(other.writer.sends).toEqual([]);
  });

  it("of another account is another message", async () => {
    await send(one);
    expect(await send(other, MESSAGE, "order-17", { ...ACME, id: "initech" })).toMatchObject({ outcome: "accepted" });
    expect(other.writer.records).toHaveLength(1);
  });

  it("is judged as the first was: its time may have come, and its lane may be closed by now", async () => {
    const later = { ...MESSAGE, sendAt: new Date(log.now + HOUR).toISOString() };
    const first = await send(one, later);
    expect(first).toMatchObject({ results: [{ status: "accepted", sendAt: later.sendAt }] });
    await expect.poll(async () => (await send(other, later)).outcome, PATIENT).toBe("accepted");
    log.now += 5 * HOUR;
    await other.keys.asked();
    expect(await send(other, later, "order-17", { ...ACME, lanes: ["marketing"] } as typeof ACME)).toEqual(first);
    expect(other.writer.sends).toEqual([]);
  });
});

describe("while it is not known what came of the first", () => {
  beforeEach(() => {
    // Its keys stand in the log; of its message nobody knows, since it was killed.
    one.writer.onSend = async (records) => {
      await log.write(records);
      await new Promise(() => {});
    };
    one.tells = false;
  });

  it("a repeat waits as long as it may be under way, and is then written under the same id", async () => {
    await send(one);
    log.now += 2 * SECOND;
    expect(await send(other)).toEqual({ outcome: "in-progress", waitSeconds: 4 });
    expect(other.writer.sends).toEqual([]);
    log.now += 4 * SECOND;
    const again = await send(other);
    expect(again).toMatchObject({ outcome: "accepted", acceptedAt: log.now - AT_WORK });
    expect(ids(other.writer.records)).toEqual(ids(one.writer.records));
    expect(other.asked).toEqual([]);
    expect(await send(other, { ...MESSAGE, text: "another" })).toMatchObject({ results: [{ kind: "conflict" }] });
  });

  it("a late repeat has its answer if analytics has the message, and the others are told", async () => {
    await send(one);
    const [id] = ids(one.writer.records) as [string];
    log.now += 60 * SECOND;
    await other.keys.asked();
    other.analytics = new Set([id]);
    expect(await send(other)).toMatchObject({ outcome: "accepted", acceptedAt: log.now - 60 * SECOND });
    expect(other.asked).toEqual([id]);
    expect(other.writer.sends).toEqual([]);
    await expect
      .poll(async () => {
        other.asked.length = 0;
        await send(other);
        return other.asked;
      }, PATIENT)
      .toEqual([]);
  });

  it("a late repeat is written once more if analytics does not have it", async () => {
    await send(one);
    log.now += 60 * SECOND;
    await other.keys.asked();
    expect(await send(other)).toMatchObject({ outcome: "accepted" });
    expect(ids(other.writer.records)).toEqual(ids(one.writer.records));
  });

  it("a late repeat is refused while analytics cannot be asked, and new keys are taken", async () => {
    await send(one);
    log.now += 60 * SECOND;
    await other.keys.asked();
    other.analytics = undefined;
    expect(await send(other)).toEqual({ outcome: "refused" });
    expect(await send(other, MESSAGE, "order-18")).toMatchObject({ outcome: "accepted" });
    other.analytics = new Set(ids(one.writer.records) as string[]);
    expect(await send(other)).toMatchObject({ outcome: "accepted" });
    expect(other.writer.records).toHaveLength(1);
  });
});

describe("the copy", () => {
  it("that is too old takes nothing with a key, and everything without", async () => {
    await send(one);
    other.keys.hears = false;
    log.now += 11 * SECOND;
    expect(await send(other, MESSAGE, "new")).toEqual({ outcome: "refused" });
    expect(await other.acceptor.accept(ACME, [{ message: MESSAGE }])).toMatchObject({ outcome: "accepted" });
  });

  it("outlives its process on disk, and the rest is read again", async () => {
    const folder = freshFolder();
    const first = await start(folder);
    const answer = await send(first);
    await untilTold(other);
    await first.keys.flush();
    await send(one, { ...MESSAGE, text: "later" }, "order-18");
    await first.keys.kill();
    const next = await start(folder);
    expect(await send(next)).toEqual(answer);
    expect(await send(next, MESSAGE, "order-18")).toMatchObject({ results: [{ kind: "conflict" }] });
    expect(next.writer.sends).toEqual([]);
  });

  it("lets the first in the log have a key that two instances gave away at once, and counts it", async () => {
    for (const { keys } of [one, other]) keys.hears = false;
    await send(one);
    await send(other, { ...MESSAGE, text: "another" });
    const third = await start();
    for (const { keys } of [one, other]) keys.hears = true;
    log.tell();
    expect([one, other, third].map(({ keys }) => keys.clashes())).toEqual([1, 1, 1]);
    expect(await send(third, { ...MESSAGE, text: "another" })).toMatchObject({ results: [{ kind: "conflict" }] });
  });

  it("drops what is over, a day at a time, and nothing else", async () => {
    await send(one);
    log.now += 25 * HOUR;
    await one.keys.asked();
    await send(one, MESSAGE, "later");
    expect(await one.keys.rows()).toBe(2);
    log.now += 23.5 * HOUR;
    await expect.poll(() => one.keys.rows(), PATIENT).toBe(1);
    expect(await send(one, { ...MESSAGE, text: "another" }, "later")).toMatchObject({
      results: [{ kind: "conflict" }],
    });
    log.now += 24 * HOUR;
    await expect.poll(() => one.keys.rows(), PATIENT).toBe(0);
  });

  it("passes over what cannot be understood, and says so", async () => {
    const names = Buffer.alloc(16);
    const fingerprints = Buffer.alloc(12);
    const good = { stored: false, at: log.now, names, fingerprints, rejected: Buffer.alloc(0) };
    const write = (value: Buffer | null, partition = 0) =>
      log.write([{ topic: "sms.request-keys", partition, key: null, value }]);
    const two = { names: Buffer.alloc(32), fingerprints: Buffer.alloc(24), rejected: Buffer.of(1) };
    const many = { rejected: Buffer.alloc(1_251) };
    for (const bad of [{ names: Buffer.alloc(17) }, { fingerprints: Buffer.alloc(13) }, { at: -1 }, two, many])
      await write(codecs.requestKeys.encode({ ...good, ...bad }));
    await write(Buffer.from("no"));
    await write(null);
    await write(codecs.requestKeys.encode(good), 1);
    expect(one.keys.unreadable()).toBe(8);
    await write(codecs.requestKeys.encode(good));
    expect(one.keys.unreadable()).toBe(8);
    expect(await one.keys.rows()).toBe(1);
  });
});

describe("a batch under one key", () => {
  const MESSAGES = [MESSAGE, { to: "x" }, { ...MESSAGE, to: "+491701234568" }];
  const batch = async ({ acceptor }: Instance, messages: object[], key = "b", account = ACME) =>
    acceptor.accept(account, offersOf([...messages], key), { key, fingerprint: await fingerprintOfBatch(messages) });

  it("has the same answer on another instance, message by message", async () => {
    const first = await batch(one, MESSAGES);
    expect(first).toMatchObject({ results: [{ status: "accepted" }, { status: "rejected" }, { status: "accepted" }] });
    await expect.poll(async () => (await batch(other, MESSAGES)).outcome, PATIENT).toBe("accepted");
    expect(await batch(other, MESSAGES)).toEqual(first);
    expect(other.writer.sends).toEqual([]);
  });

  it.each([
    ["another text in one of them", [MESSAGE, { to: "x" }, { ...MESSAGE, to: "+491701234568", text: "another" }]],
    ["one more", [...MESSAGES, { ...MESSAGE, to: "+491701234569" }]],
    ["one less", MESSAGES.slice(0, 1)],
    ["another one that is not valid", [MESSAGE, { to: "y" }, MESSAGES[2]!]],
  ])("is a conflict as a whole with %s", async (_, messages) => {
    await batch(one, MESSAGES);
    for (const instance of [one, other]) {
      const before = instance.writer.sends.length;
      expect(await batch(instance, messages)).toEqual({ outcome: "conflict" });
      expect(instance.writer.sends).toHaveLength(before);
    }
    // What the conflict had begun to take is free again.
    expect(await batch(other, [MESSAGE], "c")).toMatchObject({ outcome: "accepted" });
  });

  it("has one record of its key, and its messages' own have one in each partition", async () => {
    const many = Array.from({ length: 1_200 }, (_, i) => ({ ...MESSAGE, to: `+4917012${10_000 + i}` }));
    await batch(one, many);
    expect(one.writer.records).toHaveLength(1_200);
    expect(one.writer.sends.flat()).toHaveLength(1_201);
    await one.acceptor.accept(
      ACME,
      offersOf(
        many.map((message, i) => ({ ...message, idempotencyKey: `${i}` })),
        undefined,
      ),
    );
    expect(one.writer.records).toHaveLength(2_400);
    expect(one.writer.sends[1]).toHaveLength(1_206);
  });

  it("says the same of each message, whatever the account may do by then", async () => {
    const marketing = { ...ACME, lanes: ["marketing"] } as typeof ACME;
    const messages = [MESSAGE, { ...MESSAGE, lane: "marketing" }, { to: "x" }];
    const first = await batch(one, messages, "b", marketing);
    expect(first).toMatchObject({ results: [{ status: "rejected" }, { status: "accepted" }, { status: "rejected" }] });
    await expect.poll(async () => (await batch(other, messages)).outcome, PATIENT).toBe("accepted");
    const open = await batch(other, messages);
    const closed = await batch(other, messages, "b", { ...ACME, lanes: ["otp"] } as typeof ACME);
    for (const later of [open, closed]) {
      expect(later).toMatchObject({
        results: [{ status: "rejected" }, { status: "accepted" }, { status: "rejected" }],
      });
      if (!("results" in later) || !("results" in first)) throw new Error(later.outcome);
      expect(later.results[1]).toEqual(first.results[1]);
    }
    expect(open).toMatchObject({ results: [{ problems: [{ code: "rejected-before" }] }, {}, {}] });
    expect(other.writer.sends).toEqual([]);
  });

  it("of which nothing is known is looked for message by message, and only what is not there is written again", async () => {
    one.writer.onSend = async (records) => {
      await log.write(records);
      await new Promise(() => {});
    };
    await batch(one, MESSAGES);
    expect(await batch(other, MESSAGES)).toMatchObject({ outcome: "in-progress" });
    log.now += 60 * SECOND;
    await other.keys.asked();
    const [first, last] = ids(one.writer.records) as [string, string];
    other.analytics = new Set([first]);
    expect(await batch(other, MESSAGES)).toMatchObject({
      outcome: "accepted",
      results: [{}, { status: "rejected" }, {}],
    });
    expect(other.asked).toEqual([first, last]);
    expect(ids(other.writer.records)).toEqual([last]);
    await expect
      .poll(async () => {
        const third = await start();
        await batch(third, MESSAGES);
        return [third.asked, third.writer.sends];
      }, PATIENT)
      .toEqual([[], []]);
  });

  it("is free again where nothing of it was accepted", async () => {
    await batch(one, [{ to: "x" }]);
    expect(one.writer.sends).toEqual([]);
    expect(await batch(one, MESSAGES)).toMatchObject({ outcome: "accepted" });
    expect(one.writer.records).toHaveLength(2);
  });

  it("does not stand for messages with keys of their own", async () => {
    const own = [
      { ...MESSAGE, idempotencyKey: "a" },
      { ...MESSAGE, idempotencyKey: "b" },
    ];
    await batch(one, own);
    const changed = await batch(other, [own[0]!, { ...own[1]!, text: "another" }, MESSAGE]);
    expect(changed).toMatchObject({ outcome: "in-progress" });
    await expect
      .poll(() => batch(other, [own[0]!, { ...own[1]!, text: "another" }, MESSAGE]), PATIENT)
      .toMatchObject({
        results: [{ status: "accepted" }, { status: "rejected", kind: "conflict" }, { status: "accepted" }],
      });
  });
});
