import { beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../../infra/simulators/behaviour/random-source.ts";
import { createCodecs, recordSubject, type SluiceCodecs } from "../../../pipeline/records/codecs.ts";
import {
  implausibleDispatch,
  implausibleEvent,
  implausibleReceipt,
  implausibleRetry,
} from "../../../pipeline/records/plausible.ts";
import { composeContracts, readContracts } from "../../../schemas/contracts.ts";
import { flipped, goodRecord, implausible, type RecordKind, unreadable } from "../../faults/bad-records.ts";
import { FakeRegistry } from "../pipeline/fake-registry.ts";

const KINDS: readonly RecordKind[] = ["request", "dispatch", "retry", "receipt", "event", "health"];
const random = seededRandom(5);
let codecs: SluiceCodecs;
beforeAll(async () => {
  const registry = new FakeRegistry();
  for (const [name, schema] of composeContracts(readContracts())) await registry.register(recordSubject(name), schema);
  codecs = await createCodecs(registry);
});

describe.each(KINDS)("%s", (kind) => {
  test("what is to be unreadable is, and what is to be good can be read", () => {
    const good = goodRecord(codecs, kind, random);
    expect(codecs[kind].decode(good)).toMatchObject({ ok: true });
    const read = unreadable(codecs, kind, good, random).filter(
      ({ value }) => value !== null && codecs[kind].decode(value).ok,
    );
    expect(read.map((one) => one.kind)).toEqual([]);
    expect(flipped([good], 5, (value) => codecs[kind].decode(value).ok, random).length).toBe(5);
  });

  test("what is to be implausible can be read, and is", () => {
    for (const one of implausible(codecs, kind, "sms.dispatch.a.otp", random)) {
      const decoded = codecs[kind].decode(one.value!);
      expect([one.kind, decoded.ok]).toEqual([one.kind, true]);
      if (!decoded.ok || one.kind === "another provider's") continue;
      if (kind === "retry") expect(implausibleRetry(decoded.value as never), one.kind).toBeDefined();
      if (kind === "dispatch") expect(implausibleDispatch(decoded.value as never), one.kind).toBeDefined();
      if (kind === "receipt") expect(implausibleReceipt(decoded.value as never), one.kind).toBeDefined();
      if (kind === "event") expect(implausibleEvent(decoded.value as never), one.kind).toBeDefined();
    }
  });
});
