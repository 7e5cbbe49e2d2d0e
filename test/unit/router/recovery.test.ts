import { describe, expect, it } from "vitest";
import type { Decoded } from "../../../platform/codec/codec.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Event } from "../../../schemas/generated/types.ts";
import { ROUTER_INPUTS } from "../../../schemas/topics.ts";
import { recoverDecisions } from "../../../services/router/recovery.ts";
import type { RecoverDecision } from "../../../services/router/rules/message-rule.ts";
import { asRead, codecs, HOME, request, world } from "./router-world.ts";

/** The event log after so many messages. */
async function logOf(messages: number): Promise<InRecord[]> {
  const { start, run } = world();
  const router = await start();
  const numbers = Array.from({ length: messages }, (_, n) => n);
  return numbers.flatMap((n) =>
    run(router, request(n, { messageId: `m-${n}` })).decisions.map((record, i) => asRead(record, n + i)),
  );
}

/** What two takers are given of a log. `known`: whether the schema of the events is known from the start. */
async function recovered(log: readonly InRecord[], known = true, load = async (): Promise<"loaded"> => "loaded") {
  const given: string[][] = [[], []];
  const counts = { decoded: 0, loads: 0 };
  const ranges: number[] = [];
  const state = { known };
  const event = {
    ...codecs.event,
    encode: codecs.event.encode,
    decode: (value: Buffer): Decoded<Event> => {
      if (!state.known) return { ok: false, code: "unknown-schema", detail: "not loaded", schemaId: 7 };
      counts.decoded++;
      return codecs.event.decode(value);
    },
  };
  const loadSchema = async () => {
    counts.loads++;
    const found = await load();
    state.known = true;
    return found;
  };
  const taker =
    (i: number): RecoverDecision =>
    ({ type }, { headers }) =>
      void given[i]!.push(`${type} ${String(headers.src)}`);
  const found = await recoverDecisions({
    codecs: { event, loadSchema },
    reader: {
      watermarks: async () => Array.from({ length: HOME + 1 }, () => ({ low: 0, high: log.length })),
      readRange: async (_topic, _partition, from, to, take) => {
        ranges.push(from);
        log.slice(from, to).forEach(take);
      },
    },
    partition: HOME,
    from: 0,
    offsets: ROUTER_INPUTS.map(() => 1_000),
    decided: () => {},
    takers: [taker(0), taker(1)],
  });
  return { given, counts, ranges, found };
}

describe("decisions of earlier owners", () => {
  it("are decoded once, whoever takes them, and each is given once though the log has it twice", async () => {
    const log = await logOf(3);
    const postponed = { ...log[0]!, headers: { ...log[0]!.headers, id: "m-7/0/postponed" } };
    const { given, counts } = await recovered([...log, log[1]!, postponed]);
    const all = [0, 1, 2].map((n) => `routed sms.requests.otp/${HOME}/${n}`);
    expect(given).toEqual([all, all]);
    expect(counts.decoded).toBe(4);
  });

  it("count with a schema that is not known: it is loaded first, and asked for once", async () => {
    const { given, counts } = await recovered(await logOf(3), false);
    expect(given[0]).toHaveLength(3);
    expect(counts.loads).toBe(1);
  });

  it("that wait for a schema are bounded: what stands behind them is read once more, in order, and told apart as before", async () => {
    const [one] = await logOf(1);
    const size = 25_000;
    const log = Array.from(
      { length: size },
      (_, n): InRecord => ({ ...one!, offset: n, headers: { ...one!.headers, id: `m-${n % 20_500}/0/routed` } }),
    );
    const { given, counts, ranges } = await recovered(log, false);
    expect(given[0]).toHaveLength(20_500);
    expect([counts.loads, ranges]).toEqual([1, [0, 20_000]]);
  });

  it("nobody goes on without them while the registry cannot be asked", async () => {
    const log = await logOf(1);
    const gone = async (): Promise<"loaded"> => {
      throw new Error("no registry");
    };
    await expect(recovered(log, false, gone)).rejects.toThrow("no registry");
  });
});
