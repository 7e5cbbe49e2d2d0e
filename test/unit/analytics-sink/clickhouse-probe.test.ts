import { expect, it } from "vitest";
import { SinkStats } from "../../../platform/kafka/sink-stats.ts";
import { clickhouseReadiness } from "../../../services/analytics-sink/clickhouse-probe.ts";

it("asks ClickHouse at most every two seconds, and tells why it is not ready", async () => {
  let now = 100_000;
  let asked = 0;
  let down = false;
  const check = async () => {
    asked++;
    if (down) throw new Error("connection refused");
  };
  const ready = clickhouseReadiness(check, new SinkStats(), () => now);
  expect([await ready(), await ready(), asked]).toEqual([{ ok: true }, { ok: true }, 1]);
  down = true;
  now += 2_001;
  expect(await ready()).toEqual({ ok: false, why: "connection refused" });
  down = false;
  now += 2_001;
  expect(await ready()).toEqual({ ok: true });
});

it("is not ready while inserts have been failing for long, though ClickHouse answers", async () => {
  const stats = new SinkStats();
  let now = 0;
  const ready = clickhouseReadiness(
    async () => {},
    stats,
    () => now,
  );
  stats.failed();
  now = stats.failingSince + 4_000;
  expect(await ready()).toEqual({ ok: true });
  now = stats.failingSince + 6_000;
  expect(await ready()).toMatchObject({ ok: false });
  stats.inserted(10, 5);
  expect(await ready()).toEqual({ ok: true });
});
