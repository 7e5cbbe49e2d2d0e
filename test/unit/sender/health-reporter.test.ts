import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createCodecs } from "../../../pipeline/records/codecs.ts";
import type { OutRecord } from "../../../platform/kafka/record.ts";
import { HealthReporter } from "../../../services/sender/health-reporter.ts";
import type { UnitResult } from "../../../services/sender/unit-result.ts";
import { running } from "./provider-world.ts";

beforeEach(() => void vi.useFakeTimers({ now: 2_000_000 }));
afterEach(() => void vi.useRealTimers());

let nextId = 1;
const codecs = await createCodecs({ idOf: async () => nextId++, schemaOf: async () => undefined });

test("sms.health says of each partition which networks are held back alone, and nothing of them afterwards", async () => {
  const { link, sender, submit } = await running();
  const told: OutRecord[] = [];
  const producer = {
    clock: { now: () => 7 },
    send: async (records: readonly OutRecord[]) => void told.push(...records),
  };
  const partition = { backlog: 1, queues: [], inFlight: 0 };
  const source = {
    ...{ provider: "alpha", rate: sender.rate, circuit: sender.circuit, volume: sender.volume },
    partitions: () => [0, 1].map((one) => ({ ...partition, partition: one })),
    heldNetworks: () => sender.heldNetworks(),
  };
  const reporter = new HealthReporter(source, producer as never, codecs.health, "s");
  const words = () =>
    told.splice(0).map(({ value }) => {
      const decoded = codecs.health.decode(value!);
      if (!decoded.ok) throw new Error(decoded.detail);
      return decoded.value.heldNetworks;
    });
  for (let n = 0; n < 20; n++) {
    submit();
    link.answer();
  }
  reporter.tell();
  expect(words()).toEqual([[], []]);
  await vi.advanceTimersByTimeAsync(0);

  const throttled: UnitResult = { outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 };
  submit({ facts: { network: "262-02" } });
  link.answer(throttled);
  reporter.tell();
  const held = [{ network: "262-02", reason: "throttled", waiting: 1 }];
  expect(words()).toEqual([held, held]);
  await vi.advanceTimersByTimeAsync(600);
  link.answer();
  reporter.tell();
  expect(words()).toEqual([[], []]);
  await sender.stop();
});
