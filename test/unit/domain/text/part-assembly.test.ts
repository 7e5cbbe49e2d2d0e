import fc from "fast-check";
import { expect, it } from "vitest";
import { PartAssembly, type ReadPart } from "../../../../domain/text/part-assembly.ts";
import type { SmppPart } from "../../../../schemas/generated/types.ts";
import { messageOfPart } from "../../../../services/ingest/doors/smpp/parts/parts-task.ts";

let offset = 0;

function part(number: number, more: Partial<SmppPart> = {}, at = 0): ReadPart<SmppPart, undefined> {
  return {
    part: {
      ...{ accountId: "acme", messageId: `id-${number}`, to: "491701234567", from: "ACME", lane: "transactional" },
      ...{ validitySeconds: null, sendAt: null, reference: 1, total: 3, part: number, alphabet: "gsm7", header: null },
      octets: Buffer.from(`part ${number}`),
      receiptTo: null,
      ...more,
    },
    offset: offset++,
    at,
    source: undefined,
  };
}

const numbers = (assembled: ReturnType<PartAssembly<SmppPart, undefined>["add"]>) =>
  assembled.kind === "whole" ? assembled.message.parts.map((one) => one.part.part) : assembled.kind;

it("a message is whole with its last part, in whatever order they come", () => {
  const assembly = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000);
  expect([part(3), part(1), part(2)].map((one) => numbers(assembly.add(one)))).toEqual(["waits", "waits", [1, 2, 3]]);
  expect(assembly.waiting).toBe(0);
});

it("what comes again of a message that is whole is no new one; another text under its reference is", () => {
  const assembly = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000);
  for (const number of [1, 2, 3]) assembly.add(part(number));
  expect(assembly.add(part(3)).kind).toBe("repeated");
  expect(assembly.waiting).toBe(0);
  expect(assembly.add(part(3, { octets: Buffer.from("other") })).kind).toBe("waits");
  expect(assembly.waiting).toBe(1);
});

it("a part that comes again before the message is whole is answered by its last id", () => {
  const assembly = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000);
  assembly.add(part(1));
  expect(assembly.add(part(1, { messageId: "again" })).kind).toBe("repeated");
  assembly.add(part(2));
  const whole = assembly.add(part(3));
  expect(whole).toMatchObject({ kind: "whole", message: { parts: [{ part: { messageId: "again" } }, {}, {}] } });
});

it("what is not whole in time is given up with what there is of it, and so is the oldest of too many", () => {
  const assembly = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000, 2);
  assembly.add(part(1, {}, 100));
  assembly.add(part(2, {}, 900));
  expect(assembly.expire(1_100)).toEqual([]);
  expect(assembly.expire(1_101)).toMatchObject([{ since: 100, parts: [{ part: { part: 1 } }, { part: { part: 2 } }] }]);
  for (const reference of [5, 6, 7]) assembly.add(part(1, { reference }, 1_200));
  expect(assembly.expire(1_200)).toMatchObject([{ parts: [{ part: { reference: 5 } }] }]);
  expect(assembly.waiting).toBe(2);
});

it("whoever reads again from the first offset that waits has the same in the end", () => {
  const drawn = fc.array(
    fc.record({ reference: fc.integer({ min: 1, max: 4 }), number: fc.integer({ min: 1, max: 3 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(drawn, fc.nat(60), (steps, cut) => {
      const log = steps.map(({ reference, number }, at) => ({ ...part(number, { reference }), offset: at }));
      const whole = (assembly: PartAssembly<SmppPart, undefined>, parts: typeof log) =>
        parts.flatMap((one) => {
          const assembled = assembly.add(one);
          return assembled.kind === "whole" ? [assembled.message.parts.map((each) => each.offset).join()] : [];
        });
      const one = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000);
      const before = whole(one, log.slice(0, cut));
      const from = Math.min(one.firstOffset ?? cut, cut);
      const next = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000);
      whole(next, log.slice(from, cut));
      const after = whole(next, log.slice(cut));
      const uninterrupted = new PartAssembly<SmppPart, undefined>(messageOfPart, 1_000);
      const all = whole(uninterrupted, log);
      // What it no longer knows to be a repeat may begin another message, which ends as incomplete; nothing that was whole is missing.
      for (const message of all) expect([...before, ...after].some((found) => found === message)).toBe(true);
    }),
  );
});
