import { expect, it } from "vitest";
import { ProviderHealth } from "../../../pipeline/follow/provider-health.ts";
import { RecordProducer } from "../../../platform/kafka/producer.ts";
import { silentLog } from "../../../platform/log/log.ts";
import { LedHealth } from "../../../services/router/led-health.ts";
import { BLANK_HEALTH } from "../pipeline/blank-health.ts";
import { eventOf, HOME, request, world } from "./router-world.ts";

it("gives a provider nothing while what it is given would wait for a leader, by its lane and partition, and gives it again when there is one", async () => {
  const w = world();
  const router = await w.start();
  const chosen = (offset: number) => eventOf(w.run(router, request(offset)).decisions[0]);
  expect(chosen(0).provider).toBe("a");
  w.unled.set("sms.dispatch.a.otp", [0]);
  expect(chosen(1)).toMatchObject({ type: "routed", provider: "b", verdicts: "a: circuit-open" });
  // Another lane's, and another partition.
  w.unled.clear();
  w.unled.set("sms.dispatch.a.marketing", [0]).set("sms.dispatch.a.otp", [1]);
  expect(chosen(2).provider).toBe("a");
  // Of its lane's overflow.
  w.unled.set("sms.dispatch.a.otp.overflow", [0]);
  expect(chosen(3).provider).toBe("b");
  w.unled.clear();
  expect(chosen(4).provider).toBe("a");
});

it("lets a message wait in its retry topic that has no other provider, so that others of its partition go on", async () => {
  const w = world();
  w.catalog.current = w.only("a");
  const router = await w.start();
  router.prepare();
  w.unled.set("sms.dispatch.a.otp", [0]);
  const { decisions, effects } = w.run(router, request(0));
  expect(eventOf(decisions[0])).toMatchObject({ type: "postponed", errorCode: "circuits-open" });
  expect(effects.map(({ topic }) => topic)).toEqual([expect.stringMatching(/^sms\.retry\./)]);
});

it("is told by a real producer's write that waits, for the partition of the destination among the provider's", async () => {
  const noLeader = Object.assign(new Error("no leader"), { type: "LEADER_NOT_AVAILABLE" });
  let isLed = false;
  const producer = new RecordProducer({
    connection: { brokers: [], clientId: "test", log: silentLog },
    client: () => ({
      connect: async () => {},
      disconnect: async () => {},
      sendBatch: async () => {
        if (!isLed) throw noLeader;
        return [{ topicName: "sms.dispatch.a.otp", partition: HOME % 2, errorCode: 0 }];
      },
    }),
  });
  const health = new ProviderHealth(() => undefined);
  health.take({ ...BLANK_HEALTH, provider: "a", circuit: "closed" }, 0);
  const of = (partition: number) => new LedHealth(health, producer, { partition, spreadOf: () => 2 });
  const stateOf = (partition: number) => of(partition).state("a", "otp", 0);
  expect(stateOf(HOME)).toMatchObject({ open: false, closed: true });
  const write = producer.send([{ topic: "sms.dispatch.a.otp", partition: HOME % 2, key: null, value: null }]);
  await expect.poll(() => stateOf(HOME)).toMatchObject({ open: true, closed: false });
  expect([stateOf(HOME + 2).open, stateOf(HOME + 1).open]).toEqual([true, false]);
  isLed = true;
  await write;
  expect(stateOf(HOME)).toMatchObject({ open: false, closed: true });
  await producer.close(0);
});
