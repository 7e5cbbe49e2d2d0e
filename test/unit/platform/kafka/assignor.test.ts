import fc from "fast-check";
import { AssignerProtocol } from "kafkajs";
import { expect, test } from "vitest";
import { assignPartitions, coPartitionedAssigner } from "../../../../platform/kafka/assignor.ts";

const memberIds = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 });
const claims = fc.array(fc.integer({ min: -2, max: 70 }), { maxLength: 20 });

test("gives every partition to exactly one member, evenly, whatever the members claim to own", () => {
  fc.assert(
    fc.property(
      memberIds,
      fc.integer({ min: 1, max: 64 }),
      fc.array(claims, { minLength: 12, maxLength: 12 }),
      (ids, partitions, owned) => {
        const result = assignPartitions(
          ids.map((id, i) => ({ id, owned: owned[i]! })),
          partitions,
        );
        const all = [...result.values()].flat().sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: partitions }, (_, p) => p));
        const counts = [...result.values()].map((list) => list.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test("moves no more partitions than evenness demands when members come and go", () => {
  fc.assert(
    fc.property(memberIds, memberIds, fc.integer({ min: 1, max: 64 }), (before, after, partitions) => {
      const first = assignPartitions(
        before.map((id) => ({ id, owned: [] })),
        partitions,
      );
      const second = assignPartitions(
        after.map((id) => ({ id, owned: first.get(id) ?? [] })),
        partitions,
      );
      const most = Math.ceil(partitions / after.length);
      for (const [id, now] of second) {
        const had = first.get(id) ?? [];
        const kept = now.filter((p) => had.includes(p)).length;
        // A member gives up only what is above its share.
        expect(kept).toBeGreaterThanOrEqual(Math.min(had.length, Math.floor(partitions / after.length)));
        expect(now.length).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test("keeps everything in place when nobody comes or goes", () => {
  fc.assert(
    fc.property(memberIds, fc.integer({ min: 1, max: 64 }), (ids, partitions) => {
      const first = assignPartitions(
        ids.map((id) => ({ id, owned: [] })),
        partitions,
      );
      const second = assignPartitions(
        ids.map((id) => ({ id, owned: first.get(id)! })),
        partitions,
      );
      for (const id of ids) expect([...second.get(id)!].sort()).toEqual([...first.get(id)!].sort());
    }),
  );
});

test("a member whose claim is garbage is served like one that owns nothing", async () => {
  const assigner = coPartitionedAssigner({ partitions: 5, owned: () => [], joining: () => {} })({} as never);
  const member = (memberId: string, userData: Buffer) => ({
    memberId,
    memberMetadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics: ["t", "u"], userData }),
  });
  const garbage = ["", "[", "{}", "null", '["a",1.5,null,{}]', "\u0000\uffff"].map((text, i) =>
    member(`m${i}`, Buffer.from(text)),
  );
  const given = await assigner.assign({
    members: [...garbage, member("honest", Buffer.from("[3]"))],
    topics: ["t", "u"],
  });
  const of = new Map(
    given.map((g) => [g.memberId, AssignerProtocol.MemberAssignment.decode(g.memberAssignment)!.assignment]),
  );
  expect(of.get("honest")).toEqual({ t: [3], u: [3] });
  expect([...of.values()].flatMap((a) => a.t ?? []).sort()).toEqual([0, 1, 2, 3, 4]);
  for (const assignment of of.values()) expect(assignment.u).toEqual(assignment.t);
});

test("says in its metadata what it owns, and that a join begins", () => {
  let joins = 0;
  const assigner = coPartitionedAssigner({ partitions: 5, owned: () => [4, 1], joining: () => joins++ })({} as never);
  const { metadata } = assigner.protocol({ topics: ["t"] });
  expect(AssignerProtocol.MemberMetadata.decode(metadata)!.userData.toString()).toBe("[4,1]");
  expect(joins).toBe(1);
});
