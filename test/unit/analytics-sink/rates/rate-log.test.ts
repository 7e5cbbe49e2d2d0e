import { expect, it } from "vitest";
import { versionRecords } from "../../../../pipeline/control/catalog-version.ts";
import { createCodecs } from "../../../../pipeline/records/codecs.ts";
import { registerSchemas } from "../../../../pipeline/records/register.ts";
import type { InRecord, OutRecord } from "../../../../platform/kafka/record.ts";
import { silentLog } from "../../../../platform/log/log.ts";
import { RateLog } from "../../../../services/analytics-sink/rates/rate-log.ts";
import { FakeRegistry } from "../../pipeline/fake-registry.ts";

const registry = new FakeRegistry();
await registerSchemas(registry as never);
const codecs = await createCodecs(registry);

const rates = (USD: string) => ({ rates: { base: "EUR", date: "2026-03-01", rates: { USD } } });

function world(read: Pick<typeof codecs, "control" | "loadSchema"> = codecs) {
  const seen: (readonly [version: number, perBase: string])[] = [];
  const pauses: (() => void)[] = [];
  const log = new RateLog({
    codecs: read,
    log: silentLog,
    onRates: (rows) => seen.push([rows[0]!.version, rows.at(-1)!.per_base]),
    pause: () => new Promise<void>((resolve) => pauses.push(resolve)),
  });
  let offset = 0;
  const give = (...records: readonly Partial<OutRecord>[]) =>
    Promise.all(
      records.map((record) =>
        log.accept({ ...record, offset: offset++, timestamp: 1, headers: {} } as unknown as InRecord),
      ),
    );
  const version = (number: number, source: object, parent = number - 1) => {
    const made = { version: number, parent, at: 1_000 * number, by: "ada", note: null, restored: null };
    const { pieces, head } = versionRecords(codecs.control, source as Record<string, unknown>, made);
    return [...pieces, head];
  };
  return { log, seen, pauses, give, version };
}

it("tells the rates of each version that counts, and passes over the others", async () => {
  const { log, seen, give, version } = world();
  expect(log.hasVersion).toBe(false);
  await give(...version(1, rates("2")));
  expect(log.hasVersion).toBe(true);
  await give(...version(2, { accounts: [] }), ...version(2, rates("7"), 1), { key: "x", value: Buffer.from("??") });
  await give(...version(3, rates("3")));
  expect(seen).toEqual([
    [1, "2.000000000"],
    [3, "3.000000000"],
  ]);
});

it("waits for a schema of the registry, since without a version no later one would count", async () => {
  let away = true;
  const control = {
    ...codecs.control,
    decode: (value: Buffer) =>
      away ? ({ ok: false, code: "unknown-schema", detail: "not at hand" } as const) : codecs.control.decode(value),
  } as typeof codecs.control;
  const loadSchema = async () => {
    if (away) throw new Error("connection refused");
    return "loaded" as const;
  };
  const { seen, pauses, give, version } = world({ control, loadSchema });
  const given = give(...version(1, rates("2")), ...version(2, rates("3")));
  await expect.poll(() => pauses.length).toBe(1);
  away = false;
  pauses[0]!();
  await given;
  expect(seen.map(([number]) => number)).toEqual([1, 2]);
});
