import { describe, expect, it, vi } from "vitest";
import type { PostOutcome } from "../../../platform/http/webhook-client.ts";
import { CONNECTIONS } from "../../../services/callbacks/endpoint-board.ts";
import { LANE_ITEMS, MANY_ITEMS, PARK_AFTER_MS } from "../../../services/callbacks/partition-callbacks.ts";
import { codecs, NOW } from "../router/router-world.ts";
import { CallbackWorld, eventOf, FAILED, messageId, type Post, TAKEN } from "./callback-world.ts";

const HOUR_MS = 3_600_000;

function world(): CallbackWorld {
  const one = new CallbackWorld();
  one.takeOver();
  return one;
}

/** An address that answers when it is told to. */
function slow() {
  const open: { post: Post; answer: (outcome: PostOutcome) => void }[] = [];
  return { open, answer: (post: Post) => new Promise<PostOutcome>((answer) => open.push({ post, answer })) };
}

describe("what is told", () => {
  it("is what becomes of a message, in order, and nothing is written for it", async () => {
    const w = world();
    w.append(eventOf(1, "https://a.example/cb", { type: "routed" }));
    w.sent(1, "a.example");
    w.append(eventOf(1, "https://a.example/cb", { type: "receipt", state: "enroute" }), { id: "x/1/enroute/1" });
    w.delivered(1, "a.example");
    w.append(eventOf(2, null));
    await w.until(() => w.posts.length === 2);
    await w.for(3_000);
    expect(w.told()).toEqual(["a.example 1 sent", "a.example 1 delivered"]);
    expect(w.callbacks).toEqual([]);
    expect(w.committed).toEqual({ offsets: [5], state: "1" });
  });

  it("is nothing of accounts without callbacks, and the offset goes on", async () => {
    const w = world();
    w.append(eventOf(1, "https://a.example/cb", {}, { accountId: "other" }));
    w.sent(2, "a.example");
    await w.until(() => w.posts.length === 1);
    await w.for(2_000);
    expect(w.told()).toEqual(["a.example 2 sent"]);
    expect(w.committed.offsets).toEqual([2]);
  });

  it("is told once though its writer has written it twice, and nothing of a message that has ended", async () => {
    const w = world();
    w.sent(1, "a.example");
    w.delivered(1, "a.example");
    w.sent(1, "a.example");
    w.append(eventOf(1, "https://a.example/cb", { attempt: 2 }));
    w.delivered(1, "a.example");
    // The next owner has read the same log.
    await w.until(() => w.posts.length === 2);
    await w.for(2_000);
    w.takeOver();
    w.delivered(1, "a.example");
    await w.for(2_000);
    expect(w.told("a.example")).toEqual(["1 sent", "1 delivered"]);
  });

  it("is not of the time before the first owner, but for an hour", async () => {
    const w = new CallbackWorld();
    w.committed = { offsets: [0], state: "" };
    w.append(eventOf(1, "https://a.example/cb"), { timestamp: NOW - HOUR_MS - 1 });
    w.append(eventOf(2, "https://a.example/cb"), { timestamp: NOW - HOUR_MS + 1 });
    w.takeOver();
    await w.until(() => w.posts.length === 1);
    await w.for(2_000);
    expect(w.told("a.example")).toEqual(["2 sent"]);
  });

  it("is not of that time either when another owner takes over while it is still being read", async () => {
    const w = new CallbackWorld();
    w.committed = { offsets: [0], state: "" };
    w.append(eventOf(1, "https://a.example/cb"), { timestamp: NOW - HOUR_MS - 2 });
    w.takeOver();
    await w.until(() => w.committed.offsets[0] === 1, 250);
    w.append(eventOf(2, "https://a.example/cb"), { timestamp: NOW - HOUR_MS - 1 });
    w.append(eventOf(3, "https://a.example/cb"), { timestamp: NOW - HOUR_MS + 1 });
    w.eventsStand = true;
    w.takeOver();
    w.eventsStand = false;
    await w.until(() => w.told("a.example").includes("3 sent"));
    await w.for(2_000);
    expect(w.told("a.example")).toEqual(["3 sent"]);
  });
});

describe("order", () => {
  it("holds while an earlier callback is under way, and when it fails", async () => {
    const w = world();
    const { open, answer } = slow();
    w.answer = answer;
    w.sent(1, "a.example");
    w.delivered(1, "a.example");
    await w.until(() => open.length === 1);
    await w.for(500);
    expect(open.map(({ post }) => post.status)).toEqual(["sent"]);
    open[0]!.answer(FAILED);
    await w.for(1_000);
    expect(w.asked).toBe(1);
    w.answer = () => TAKEN;
    await w.until(() => w.posts.length === 2, 500);
    expect(w.told("a.example")).toEqual(["1 sent", "1 delivered"]);
    await w.until(() => w.waiting.length === 0, 100);
  });

  it("holds for what comes while an earlier one waits, before the copy knows of it", async () => {
    const w = world();
    w.answer = () => FAILED;
    w.copyStands = true;
    w.sent(1, "a.example");
    await w.until(() => w.callbacks.length === 1);
    w.answer = () => TAKEN;
    w.delivered(1, "a.example");
    await w.until(() => w.callbacks.length === 2);
    await w.for(1_000);
    expect(w.posts).toEqual([]);
    w.copyStands = false;
    await w.until(() => w.posts.length === 2, 500);
    expect(w.told("a.example")).toEqual(["1 sent", "1 delivered"]);
  });

  it("holds across owners: what waits does not go before an earlier one that was under way and is still to be read", async () => {
    const w = world();
    const { answer } = slow();
    w.answer = (post) => (post.message === 1 ? answer(post) : FAILED);
    w.sent(1, "a.example");
    await w.until(() => w.asked === 1);
    // The endpoint is dark now, so that what comes next has to wait.
    for (let n = 2; n < 7; n++) w.sent(n, "a.example");
    await w.until(() => w.waiting.length === 5);
    w.delivered(1, "a.example");
    await w.until(() => w.waiting.length > 5);
    await w.turn();
    w.eventsStand = true;
    w.takeOver();
    w.answer = () => TAKEN;
    await w.for(3_000);
    w.eventsStand = false;
    await w.until(() => w.told().filter((told) => told.startsWith("a.example 1 ")).length >= 2, 250);
    expect(w.told().filter((told) => told.startsWith("a.example 1 "))).toEqual([
      "a.example 1 sent",
      "a.example 1 delivered",
    ]);
  });

  it("holds across owners: the later one is not told before the earlier one that waits", async () => {
    const w = world();
    w.answer = () => FAILED;
    w.sent(1, "a.example");
    await w.until(() => w.callbacks.length === 1);
    await w.for(1_500);
    w.takeOver();
    w.answer = () => TAKEN;
    w.delivered(1, "a.example");
    await w.for(1_000);
    expect(w.posts).toEqual([]);
    await w.until(() => w.posts.length === 2, 500);
    expect(w.told("a.example")).toEqual(["1 sent", "1 delivered"]);
  });
});

it("is told once what waits, though the copy still has what was told a moment ago", async () => {
  const w = world();
  w.answer = () => FAILED;
  for (let n = 0; n < 4; n++) w.sent(n, "a.example");
  await w.until(() => w.waiting.length === 4);
  await w.for(1_000);
  w.copyStands = true;
  w.answer = () => TAKEN;
  await w.until(() => w.posts.length === 4, 500);
  await w.for(10_000);
  expect(w.asked).toBe(8);
});

it("asks once at a time for what waits, whatever else comes to wait", async () => {
  const w = world();
  w.answer = () => FAILED;
  w.sent(1, "a.example");
  await w.until(() => w.waiting.length === 1);
  const { open, answer } = slow();
  w.answer = (post) => (post.message === 1 ? answer(post) : FAILED);
  await w.until(() => open.length === 1, 500);
  w.sent(2, "a.example");
  // The other one is looked for, and tried again.
  await w.until(() => w.asked === 4, 100);
  open[0]!.answer(TAKEN);
  w.answer = () => TAKEN;
  await w.until(() => w.waiting.length === 0, 500);
  await w.for(5_000, 500);
  expect(w.told("a.example").sort()).toEqual(["1 sent", "2 sent"]);
});

it("tells what another version of the program has let wait, once the registry has given its schema", async () => {
  const w = world();
  w.answer = () => FAILED;
  w.sent(1, "a.example");
  await w.until(() => w.waiting.length === 1);
  w.takeOver();
  const isLoaded = vi.fn(() => false);
  const { decode } = codecs.callback;
  const decoding = vi.spyOn(codecs.callback, "decode").mockImplementation((octets) => {
    if (isLoaded()) return decode.call(codecs.callback, octets);
    return { ok: false, code: "unknown-schema", detail: "schema 77 is not loaded", schemaId: 77 };
  });
  const loading = vi.spyOn(codecs, "loadSchema").mockImplementation(async (id) => {
    if (id === 77) isLoaded.mockReturnValue(true);
    return "loaded";
  });
  try {
    w.answer = () => TAKEN;
    await w.for(10_000);
    expect(w.letters).toEqual([]);
    expect(w.told("a.example")).toEqual(["1 sent"]);
    expect(loading.mock.calls.filter(([id]) => id === 77)).toHaveLength(1);
  } finally {
    decoding.mockRestore();
    loading.mockRestore();
  }
});

it("puts what cannot be read aside once, however long that takes", async () => {
  const w = world();
  w.answer = () => FAILED;
  for (let n = 0; n < 100; n++) w.sent(n, "a.example");
  await w.until(() => w.waiting.length === 100, 100);
  await w.for(3_000);
  const last = w.callbacks.findLast(({ key }) => key!.toString().startsWith(messageId(50)))!;
  w.callbacks.push({ ...last, offset: w.callbacks.length, value: Buffer.from("nothing of ours") });
  await w.turn();
  w.kafkaDown = true;
  w.answer = () => TAKEN;
  await w.until(() => w.posts.length > 50, 100);
  w.kafkaDown = false;
  await w.until(() => w.waiting.length === 0, 100);
  expect(w.letters.map(({ reason }) => reason)).toEqual(["undecodable"]);
});

it("tells nothing before it has all that waits", async () => {
  const w = world();
  w.answer = () => FAILED;
  w.sent(1, "a.example");
  await w.until(() => w.callbacks.length === 1);
  await w.for(1_500);
  w.delivered(1, "a.example");
  w.copyStands = true;
  w.takeOver();
  w.answer = () => TAKEN;
  await w.for(2_000);
  expect(w.told("a.example")).not.toContain("1 delivered");
});

describe("an endpoint", () => {
  it("that does not answer holds up no other one, nor the offset", async () => {
    const w = world();
    const { open, answer } = slow();
    w.answer = (post) => (post.host === "slow.example" ? answer(post) : TAKEN);
    for (let n = 0; n < 200; n++) w.sent(n, n % 2 === 0 ? "slow.example" : "a.example");
    await w.until(() => w.told("a.example").length === 100);
    expect(open.length).toBe(CONNECTIONS);
    await w.for(PARK_AFTER_MS + 2_000);
    // All that the slow one has not taken stands in sms.callbacks, what is under way as well.
    expect(w.committed.offsets).toEqual([200]);
    expect(w.waiting.length).toBe(100);
    w.answer = () => TAKEN;
    for (const one of open) one.answer(TAKEN);
    // What was under way has been taken now.
    w.posts.push(...open.map(({ post }) => post).filter((post) => !w.posts.includes(post)));
    await w.until(() => w.waiting.length === 0, 200);
    expect(new Set(w.told("slow.example")).size).toBe(100);
  });

  it("has a bounded queue in memory; many of them leave room for others", async () => {
    const w = world();
    const { open, answer } = slow();
    w.answer = (post) => (post.host === "ok.example" ? TAKEN : answer(post));
    for (let n = 0; n < LANE_ITEMS + 30; n++) w.sent(n, "slow.example");
    await w.until(() => w.callbacks.length === 30);
    expect(open).toHaveLength(CONNECTIONS);
    const before = LANE_ITEMS;
    for (let n = 1_000; n < 1_000 + MANY_ITEMS + 500; n++) w.sent(n, `slow-${n % 60}.example`);
    w.sent(9_999, "ok.example");
    await w.until(() => w.told("ok.example").length === 1);
    await w.turn();
    const inMemory = w.events.length - w.callbacks.length - 1;
    expect(inMemory).toBeGreaterThan(before);
    expect(inMemory).toBeLessThanOrEqual(MANY_ITEMS + 61 * 4);
  });

  it("that is dark is tried with a few, and its callbacks go when it is back", async () => {
    const w = world();
    w.answer = (post) => (post.host === "dark.example" ? FAILED : TAKEN);
    for (let n = 0; n < 300; n++) w.sent(n, "dark.example");
    await w.for(60_000, 500);
    expect(w.asked).toBeLessThanOrEqual(CONNECTIONS + 4 * 3);
    expect(w.waiting).toHaveLength(300);
    w.sent(1_000, "a.example");
    await w.until(() => w.told("a.example").length === 1);
    w.answer = () => TAKEN;
    await w.until(() => w.waiting.length === 0, 500);
    expect(w.told("dark.example")).toHaveLength(300);
  });

  it("gets no more requests a second than its account's perSecond", async () => {
    const w = new CallbackWorld();
    w.settings = { secrets: ["s"], perSecond: 5 };
    w.takeOver();
    for (let n = 0; n < 40; n++) w.sent(n, "a.example");
    await w.for(4_000, 50);
    expect(w.posts.length).toBeLessThanOrEqual(21);
    expect(w.posts.length).toBeGreaterThan(10);
  });

  it("that asks to be left alone is, for as long as it asks", async () => {
    const w = world();
    w.answer = () => ({ taken: false, kind: "status", status: 429, why: "answered 429", pauseMs: 60_000 });
    w.sent(1, "a.example");
    await w.until(() => w.asked === 1);
    w.sent(2, "a.example");
    await w.for(59_000, 500);
    expect(w.asked).toBe(1);
    w.answer = () => TAKEN;
    await w.until(() => w.posts.length === 2, 500);
  });
});

it("an endpoint that asks to be left alone is not forgotten for those that something waits for and that need nothing now", async () => {
  const w = new CallbackWorld();
  w.mostEndpoints = 10;
  w.takeOver();
  w.answer = ({ host }) => {
    const pauseMs = host === "paused.example" ? 60_000 : HOUR_MS;
    return { taken: false, kind: "status", status: 503, why: "answered 503", pauseMs };
  };
  for (let n = 0; n < 20; n++) w.sent(n, `later-${n}.example`);
  await w.until(() => w.waiting.length === 20);
  await w.for(1_000);
  w.sent(100, "paused.example");
  await w.until(() => w.asked === 21);
  w.sent(101, "paused.example");
  await w.for(59_000, 500);
  expect(w.asked).toBe(21);
});

describe("what is not taken", () => {
  it("is tried again, ever less often, for a day, and then is a dead letter", async () => {
    const w = world();
    w.answer = (post) => (post.message === 1 ? FAILED : TAKEN);
    w.sent(1, "a.example");
    await w.until(() => w.letters.length === 1, 30_000, 20_000);
    expect(w.asked).toBeGreaterThan(9);
    expect(w.asked).toBeLessThan(16);
    expect((w.now - NOW) / HOUR_MS).toBeGreaterThan(24);
    expect((w.now - NOW) / HOUR_MS).toBeLessThan(31);
    const [letter] = w.letters;
    expect(letter).toMatchObject({ reason: "callback-expired", service: "callbacks", topic: "sms.callbacks" });
    expect(letter!.detail).toMatch(/^attempts: \d+; the last one: answered 500$/);
    await w.until(() => w.waiting.length === 0, 100);
  });

  it("is given up as well while its endpoint is dark all the time", async () => {
    const w = world();
    w.answer = () => FAILED;
    for (let n = 0; n < 120; n++) w.sent(n, "dark.example");
    await w.for(23 * HOUR_MS, 120_000);
    expect(w.letters).toEqual([]);
    await w.until(() => w.letters.length === 120, 60_000, 20_000);
    await w.until(() => w.waiting.length === 0, 100);
  });

  it("is given up at once where the address may not be connected to; what comes after it goes on", async () => {
    const w = world();
    w.answer = () => ({ taken: false, kind: "address", why: "the host has an address that is not for the public" });
    w.sent(1, "10.0.0.1");
    await w.until(() => w.letters.length === 1);
    expect(w.letters[0]).toMatchObject({ reason: "callback-refused" });
    // However many there are: nobody waits for such an address.
    for (let n = 2; n < 42; n++) w.sent(n, "10.0.0.1");
    await w.until(() => w.letters.length === 41);
    await w.for(2_000);
    expect(w.committed.offsets).toEqual([41]);
  });
});

describe("an owner that ends", () => {
  it.each([
    ...Array.from({ length: 8 }, (_, seed) => ["killed", seed] as const),
    ...Array.from({ length: 2 }, (_, seed) => ["stopped", seed] as const),
  ])("%s loses nothing, and leaves each message's order (seed %i)", async (how, seed) => {
    const w = world();
    const random = seeded(seed);
    const { open, answer } = slow();
    w.answer = (post) => {
      if (post.host === "slow.example" || random() < 0.1) return answer(post);
      return random() < (seed % 2 === 0 ? 0.3 : 0.7) ? FAILED : TAKEN;
    };
    const hosts = ["a.example", "b.example", "c.example"];
    const statuses = ["sent", "delivered"] as const;
    for (let n = 0; n < 60; n++) {
      for (const status of statuses) w[status](n, hosts[n % 3]!);
      if (n % 10 === 9) w.sent(1_000 + n, "slow.example");
      await w.for(Math.floor(random() * 1_000), 100);
      if (n % 7 !== 6) continue;
      w.kafkaDown = how === "killed" && random() < 0.5;
      await w.for(300, 100);
      if (how === "stopped") await w.stop();
      w.eventsStand = true;
      w.takeOver();
      w.kafkaDown = false;
      await w.for(Math.floor(random() * 1_000), 50);
      w.eventsStand = false;
    }
    w.answer = () => TAKEN;
    for (const one of open) one.answer(FAILED);
    await w.until(() => new Set(w.told()).size === 126, 1_000, 5_000);
    for (let n = 0; n < 60; n++) {
      const told = w.posts.filter(({ message }) => message === n).map(({ status }) => status);
      // Each again perhaps; for the first time in their order.
      expect([...new Set(told)], `message ${n}: ${told}`).toEqual(["sent", "delivered"]);
    }
    expect(w.letters).toEqual([]);
    // A repeat has the id of the first.
    expect(new Set(w.posts.map(({ headers }) => headers["webhook-id"])).size).toBe(126);
  });

  it("commits nothing that is neither taken nor stored", async () => {
    const w = world();
    w.answer = () => FAILED;
    w.kafkaDown = true;
    w.sent(1, "a.example");
    w.sent(2, "a.example");
    await w.for(10_000);
    expect(w.committed.offsets).toEqual([0]);
    w.takeOver();
    w.kafkaDown = false;
    w.answer = () => TAKEN;
    await w.until(() => w.posts.length === 2);
  });

  it("leaves no callback behind that is on its way to the dead letters", async () => {
    const w = world();
    w.answer = () => ({ taken: false, kind: "address", why: "not for the public" });
    w.kafkaDown = true;
    w.sent(1, "10.0.0.1");
    await w.for(5_000);
    expect(w.committed.offsets).toEqual([0]);
    w.takeOver();
    w.kafkaDown = false;
    await w.until(() => w.letters.length === 1);
    await w.for(2_000);
    expect(w.committed.offsets).toEqual([1]);
  });

  it("that is stopped leaves to the next one nothing to tell again but what is under way", async () => {
    const w = world();
    w.answer = () => new Promise(() => {});
    for (let n = 0; n < 50; n++) w.sent(n, "a.example");
    await w.until(() => w.asked === CONNECTIONS);
    await w.stop();
    expect(w.committed.offsets).toEqual([50]);
    expect(w.waiting).toHaveLength(50);
    w.takeOver();
    w.answer = () => TAKEN;
    await w.until(() => w.waiting.length === 0, 200);
    expect(w.told("a.example")).toHaveLength(50);
  });

  it("that has lost its partition asks nobody any more", async () => {
    const w = world();
    const { open, answer } = slow();
    w.answer = answer;
    for (let n = 0; n < 10; n++) w.sent(n, "a.example");
    await w.until(() => open.length === 10);
    w.leave();
    for (const one of open) one.answer(TAKEN);
    await w.for(3_000);
    expect(w.asked).toBe(10);
    expect(w.committed.offsets).toEqual([0]);
  });
});

/** Numbers from 0 to 1 that are the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
