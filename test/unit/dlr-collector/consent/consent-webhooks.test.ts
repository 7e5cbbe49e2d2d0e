import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANE_EVENTS } from "../../../../services/dlr-collector/consent/account-lane.ts";
import { GIVE_UP_MS, MOST_EVENTS } from "../../../../services/dlr-collector/consent/consent-webhooks.ts";
import { OTHER_SCHEMA, WebhookWorld } from "./webhook-world.ts";

function begun(): WebhookWorld {
  const world = new WebhookWorld();
  world.takeOver();
  return world;
}

describe("an account's CRM", () => {
  it("is told of its own changes, in their order, once, with an id that stays", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.say("acme", 1);
    world.say("beta", 2);
    world.say("silent", 3);
    world.say("*", 4);
    world.say("acme", 1, false);
    await world.until(() => world.toldTo("acme").length === 2 && world.toldTo("beta").length === 1);
    expect(world.toldTo("acme")).toEqual(["1-", "1+"]);
    expect(world.posts.map(({ account }) => account)).not.toContain("silent");
    const [first] = world.posts[0]!.events;
    expect(first).toEqual({
      ...{ type: "suppression.changed", account: "acme", number: "+491510000001", suppressed: true, source: "api" },
      ...{ id: expect.stringMatching(/^[0-9a-f]{32}$/), at: expect.stringMatching(/^20.*Z$/) },
    });
  });

  it("is not told of what was said before there was anybody to tell it", async () => {
    const world = new WebhookWorld();
    world.say("acme", 1);
    world.takeOver();
    await world.until(() => world.committed.state !== "");
    world.say("acme", 2);
    await world.until(() => world.posts.length > 0);
    expect(world.toldTo("acme")).toEqual(["2-"]);
  });

  it("that says again what it was told is not told of that: no word goes round without end", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.answer = ({ events }) => {
      if (world.log.length < 50)
        for (const { number, suppressed } of events) world.say("acme", Number(number.slice(-7)), suppressed);
      return undefined;
    };
    world.say("acme", 1);
    await world.until(() => world.log.length === 2 && world.committed.offsets[0] === 2, 1_000);
    expect(world.toldTo("acme")).toEqual(["1-"]);
  });

  it("is not told of a word that is older than what it knows", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.say("acme", 1, true, 3_000);
    world.say("acme", 1, true, 5_000);
    world.say("acme", 1, false, 4_000);
    world.say("acme", 2);
    await world.until(() => world.toldTo("acme").includes("2-"));
    expect(world.toldTo("acme")).toEqual(["1-", "2-"]);
  });

  it("that takes nothing holds up nobody, costs no memory, and is told all of it when it answers again", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.answer = ({ account }) => (account === "acme" ? "answered 500" : undefined);
    for (let i = 0; i < 3_000; i++) world.say(i % 2 === 0 ? "acme" : "beta", i);
    await world.until(() => world.toldTo("beta").length === 1_500 && world.committed.offsets[0] === 3_000, 100);
    expect([world.behind, world.committed.state]).toEqual([1, "1 acme=0"]);
    expect(world.metrics.failed.value).toBeGreaterThan(0);
    world.answer = () => undefined;
    await world.until(() => world.toldTo("acme").length >= 1_500, 1_000);
    expect(world.toldTo("acme")).toEqual(Array.from({ length: 1_500 }, (_, i) => `${i * 2}-`));
    expect(world.posts.every(({ events }) => events.length <= 100)).toBe(true);
    await world.until(() => world.behind === 0);
  });

  it("that keeps its connection open does not fill the memory, with as many others as there are", async () => {
    const world = new WebhookWorld();
    world.accounts = Array.from({ length: 8 }, (_, i) => `a${i}`);
    world.takeOver();
    await world.until(() => world.committed.state !== "");
    const held: ((failed: string) => void)[] = [];
    world.answer = () => new Promise((resolve) => held.push(resolve));
    for (let i = 0; i < 6_000; i++) world.say(`a${Math.floor(i / 750)}`, i);
    for (let tries = 0; tries < 3; tries++) {
      for (let i = 0; i < 20; i++) await world.turn(1_000);
      expect(world.queued).toBeLessThanOrEqual(MOST_EVENTS);
      for (const fail of held) fail("no answer in time");
    }
    world.answer = () => undefined;
    for (const fail of held) fail("no answer in time");
    await world.until(() => world.posts.reduce((sum, { events }) => sum + events.length, 0) === 6_000, 500);
  });

  it("that never answers is asked once a time, ever less often", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    const asked: number[] = [];
    world.answer = () => {
      asked.push(world.clock);
      return "ECONNREFUSED";
    };
    world.say("acme", 1);
    await world.until(() => world.clock > 3_600_000, 1_000);
    const pauses = asked.slice(1).map((at, i) => at - asked[i]!);
    expect(pauses.slice(0, 4).map((ms) => Math.round(ms / 1_000))).toEqual([1, 2, 4, 8]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(302_000);
    expect(asked.length).toBeLessThan(30);
  });

  it("gets another webhook-id with other events, and the same one with the same: who remembers ids loses nothing", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    const tried: { id: string; told: string[] }[] = [];
    // Taken, but the answer was lost.
    world.answer = ({ id, events }) => {
      tried.push({ id, told: events.map(({ number, suppressed }) => `${number.slice(-1)}${suppressed ? "-" : "+"}`) });
      return tried.length < 3 ? "no answer in time" : undefined;
    };
    world.say("acme", 1);
    world.say("acme", 2);
    await world.until(() => tried.length === 2, 100);
    world.say("acme", 2, false);
    // Compaction leaves the last word of each recipient.
    world.log[1] = { ...world.log[1]!, value: null };
    await world.until(() => tried.length === 3, 100);
    expect(tried.map(({ told }) => told.join())).toEqual(["1-,2-", "1-,2-", "1-,2+"]);
    const [first, second, third] = tried.map(({ id }) => id);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it("is given up on after three days, word by word", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.answer = () => "answered 410";
    world.say("acme", 1);
    await world.until(() => world.metrics.failed.value > 0);
    world.now += GIVE_UP_MS + 1_000;
    world.say("acme", 2);
    await world.until(() => world.metrics.lost.value > 0, 1_000);
    world.answer = () => undefined;
    await world.until(() => world.posts.length > 0, 1_000);
    expect([world.toldTo("acme"), world.metrics.lost.value]).toEqual([["2-"], 1]);
  });

  it("goes on after a takeover from where it was, also where the address did not answer", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.answer = ({ account }) => (account === "acme" ? "answered 503" : undefined);
    world.say("acme", 1);
    world.say("beta", 2);
    world.say("acme", 3);
    await world.until(() => world.committed.offsets[0] === 3 && world.metrics.failed.value > 0, 500);
    expect(world.committed.state).toBe("1 acme=0");
    world.takeOver();
    world.answer = () => undefined;
    await world.until(() => world.toldTo("acme").length === 2, 100);
    expect([world.toldTo("acme"), world.toldTo("beta")]).toEqual([["1-", "3-"], ["2-"]]);
    await world.until(() => world.committed.state === "1", 1_000);
  });

  it("is told what a stop of the service left in the air", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.say("acme", 1);
    await world.until(() => world.posts.length === 1);
    await world.stop();
    expect(world.committed).toEqual({ offsets: [1], state: "1" });
  });

  it("is told of what another version has written, also of what is read again", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.say("acme", 1, true, 5_000, OTHER_SCHEMA);
    await world.until(() => world.posts.length === 1);
    world.asked.length = 0;
    world.committed = { offsets: [1], state: "1 acme=0" };
    world.takeOver();
    await world.until(() => world.posts.length === 2);
  });

  it("does not mind records that say nothing", async () => {
    const world = begun();
    await world.until(() => world.committed.state !== "");
    world.append({ key: Buffer.from("acme:491510000001"), value: null });
    world.append({ key: null, value: Buffer.from("junk") });
    world.append({ key: Buffer.from("acme:491510000001"), value: Buffer.from("junk") });
    world.say("acme", 1);
    await world.until(() => world.posts.length === 1);
  });
});

it("tells each recipient's last word at the end, whatever fails and whoever takes over", async () => {
  const step = fc.oneof(
    fc.record({ say: fc.constantFrom("acme", "beta"), number: fc.integer({ min: 1, max: 4 }), out: fc.boolean() }),
    fc.record({ many: fc.integer({ min: 1, max: LANE_EVENTS + 200 }) }),
    fc.constantFrom("take over" as const, "time" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.infiniteStream(fc.boolean()), async (steps, fails) => {
      const world = begun();
      await world.until(() => world.committed.state !== "");
      world.answer = () => (fails.next().value ? "answered 500" : undefined);
      const last = new Map<string, string>();
      const say = (account: string, number: number, out: boolean) => {
        world.say(account, number, out);
        last.set(`${account} ${number}`, out ? "-" : "+");
      };
      for (const one of steps) {
        if (one === "take over") world.takeOver();
        else if (one === "time") for (let i = 0; i < 5; i++) await world.turn(700);
        else if ("many" in one) for (let i = 0; i < one.many; i++) say("acme", 100 + i, i % 3 !== 0);
        else say(one.say, one.number, one.out);
        await new Promise((resolve) => setImmediate(resolve));
      }
      world.answer = () => undefined;
      const told = () =>
        new Map(
          ["acme", "beta"].flatMap((account) =>
            world.toldTo(account).map((word) => [`${account} ${word.slice(0, -1)}`, word.slice(-1)] as const),
          ),
        );
      await world.until(() => world.behind === 0 && world.committed.offsets[0] === world.log.length, 5_000);
      expect(new Map([...told()].sort())).toEqual(new Map([...last].sort()));
    }),
    { numRuns: 40 },
  );
});
