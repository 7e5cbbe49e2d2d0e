import { describe, expect, test } from "vitest";
import { LANES, RETRY_DELAY_MS, RETRY_DELAYS, topicSpecs } from "../../../schemas/topics.ts";

const plan = {
  partitions: 6,
  providers: [
    { id: "alpha", partitions: 1 },
    { id: "beta", partitions: 3 },
  ],
};
const config = (name: string) => topicSpecs(plan).find((topic) => topic.name === name)?.config;

describe("the topics of an installation", () => {
  test("are these, with these partitions", () => {
    const listing = topicSpecs(plan).map(({ name, partitions }) => `${name} ${partitions}`);
    expect(listing.sort()).toEqual([
      "sms.abnormal 1",
      "sms.budgets 1",
      "sms.callbacks 6",
      "sms.cancel-answers 1",
      "sms.cancels 6",
      "sms.consent 6",
      "sms.control 1",
      "sms.conversion-counts 1",
      "sms.conversions 6",
      "sms.correlation 6",
      "sms.dead-letter 6",
      "sms.dispatch.alpha.marketing 1",
      "sms.dispatch.alpha.marketing.overflow 1",
      "sms.dispatch.alpha.otp 1",
      "sms.dispatch.alpha.otp.overflow 1",
      "sms.dispatch.alpha.transactional 1",
      "sms.dispatch.alpha.transactional.overflow 1",
      "sms.dispatch.beta.marketing 3",
      "sms.dispatch.beta.marketing.overflow 3",
      "sms.dispatch.beta.otp 3",
      "sms.dispatch.beta.otp.overflow 3",
      "sms.dispatch.beta.transactional 3",
      "sms.dispatch.beta.transactional.overflow 3",
      "sms.doubt 6",
      "sms.due 6",
      "sms.events 6",
      "sms.frequency 6",
      "sms.health 1",
      "sms.inbound 6",
      "sms.networks 6",
      "sms.quality 1",
      "sms.receipts 6",
      "sms.receipts.unplaced 6",
      "sms.received 6",
      "sms.request-keys 6",
      "sms.requests.marketing 6",
      "sms.requests.otp 6",
      "sms.requests.transactional 6",
      "sms.retry.0s 6",
      "sms.retry.10m 6",
      "sms.retry.1h 6",
      "sms.retry.1m 6",
      "sms.retry.5s 6",
      "sms.scheduled 6",
      "sms.smpp-binds 1",
      "sms.smpp-parts 6",
      "sms.smpp-receipts 6",
      "sms.submission-index 6",
      "sms.uploads 6",
      "sms.usage 1",
    ]);
  });

  test("of accounts that have one of their own for statuses have the partitions and the retention of messages", () => {
    const specs = topicSpecs({ ...plan, statusAccounts: ["acme", "beta-shop"], retentionMs: 5_000 });
    const own = specs.filter(({ name }) => name.startsWith("sms.status."));
    expect(own.map(({ name, partitions }) => `${name} ${partitions}`)).toEqual([
      "sms.status.acme 6",
      "sms.status.beta-shop 6",
    ]);
    expect(own[0]!.config).toMatchObject({ "cleanup.policy": "delete", "retention.ms": "5000" });
  });

  test("hold nothing in a codec that KafkaJS cannot read, whoever writes", () => {
    for (const { config } of topicSpecs(plan)) expect(config).toMatchObject({ "compression.type": "uncompressed" });
  });

  test("keep messages for a week unless told otherwise, and the last word of what is compacted for ever", () => {
    expect(config("sms.events")).toMatchObject({ "cleanup.policy": "delete", "retention.ms": "604800000" });
    expect(topicSpecs({ ...plan, retentionMs: 1_000 })[0]?.config).toMatchObject({ "retention.ms": "1000" });
    for (const name of [
      "sms.consent",
      "sms.correlation",
      "sms.scheduled",
      "sms.control",
      "sms.health",
      "sms.quality",
    ]) {
      // Copies of them count on how long a tombstone is kept.
      expect(config(name)).toMatchObject({ "cleanup.policy": "compact", "delete.retention.ms": "86400000" });
      expect(config(name)).not.toHaveProperty("retention.ms");
    }
    // Longer than a key stands for its message, and in segments that are closed in time.
    expect(config("sms.request-keys")).toMatchObject({
      ...{ "cleanup.policy": "delete", "retention.ms": "90000000", "segment.ms": "3600000" },
    });
    // Longer than anything is believed that a receipt has said of a number.
    expect(config("sms.networks")).toMatchObject({ "cleanup.policy": "compact,delete", "retention.ms": "31536000000" });
  });

  test("have room for a dead letter that holds the largest record of any other topic", () => {
    const limits = topicSpecs(plan).map((topic) => [topic.name, Number(topic.config["max.message.bytes"])] as const);
    const others = limits.filter(([name]) => name !== "sms.dead-letter").map(([, limit]) => limit);
    expect(new Map(limits).get("sms.dead-letter")).toBeGreaterThan(Math.max(...others) + 100_000);
  });

  test.each([
    [{ id: "Alpha", partitions: 1 }, /provider "Alpha"/],
    [{ id: "a/b", partitions: 1 }, /provider "a\/b"/],
    [{ id: "alpha", partitions: 4 }, /alpha: 4 dispatch partitions; choose a divisor of 6/],
    [{ id: "alpha", partitions: 0 }, /0 dispatch partitions/],
  ])("cannot be made for provider %j", (provider, message) => {
    expect(() => topicSpecs({ ...plan, providers: [provider] })).toThrow(message);
  });
});

test("lanes go from urgent to patient, retry tiers from short to long", () => {
  expect(LANES).toEqual(["otp", "transactional", "marketing"]);
  expect(RETRY_DELAYS.map((delay) => RETRY_DELAY_MS[delay])).toEqual([0, 5_000, 60_000, 600_000, 3_600_000]);
});
