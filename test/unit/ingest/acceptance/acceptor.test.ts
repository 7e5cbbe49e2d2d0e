import { beforeEach, expect, it } from "vitest";
import { MetricRegistry } from "../../../../platform/telemetry/metric-registry.ts";
import type { Acceptor } from "../../../../services/ingest/acceptance/acceptor.ts";
import { RecentAcceptances } from "../../../../services/ingest/acceptance/recent-acceptances.ts";
import { ACME, FakeWriter, GLOBEX, MESSAGE, newAcceptor, testCodecs } from "../ingest-harness.ts";

let writer: FakeWriter;
let recent: RecentAcceptances;
let acceptor: Acceptor;
beforeEach(async () => {
  writer = new FakeWriter();
  recent = new RecentAcceptances(100, performance.now());
  const codecs = await testCodecs();
  acceptor = newAcceptor({ writer, codecs, recent, metrics: new MetricRegistry(), acceptTimeoutMs: 50 });
});

const isRemembered = (id: string) => recent.find(id, ACME.id, performance.now()) !== undefined;

it("judges each message in its place, and writes the valid ones in one go", async () => {
  const offers = [{ message: MESSAGE }, { message: { to: "x" } }, { message: { ...MESSAGE, lane: "marketing" } }];
  const accepted = await acceptor.accept(ACME, offers);
  expect(accepted).toMatchObject({
    outcome: "accepted",
    results: [
      { status: "accepted", lane: "otp" },
      { status: "rejected", kind: "invalid", problems: [{ field: "to" }, { field: "text" }] },
      { status: "accepted", lane: "marketing" },
    ],
  });
  expect(writer.sends.map((records) => records.length)).toEqual([2]);
  if (accepted.outcome !== "accepted") throw new Error(accepted.outcome);
  const ids = accepted.results.flatMap((result) => (result.status === "accepted" ? [result.id] : []));
  expect(ids.map(isRemembered)).toEqual([true, true]);
});

it("has nothing to write where nothing is valid", async () => {
  expect(await acceptor.accept(ACME, [{ message: 7 }])).toMatchObject({
    outcome: "accepted",
    results: [{ status: "rejected" }],
  });
  expect(writer.sends).toEqual([]);
});

it("is closed before anything is read or charged while Kafka takes no more", () => {
  writer.hasRoom = false;
  expect(acceptor.admit(GLOBEX, 1_000)).toEqual({ outcome: "closed" });
  writer.hasRoom = true;
  expect(acceptor.admit(GLOBEX, 1)).toEqual({ outcome: "admitted" });
});

it("says how long an account has to wait that has used up its rate, and looks without a charge", () => {
  expect(acceptor.admit(GLOBEX, 0)).toEqual({ outcome: "admitted" });
  expect(acceptor.charge(GLOBEX, 1_000)).toEqual({ outcome: "admitted" });
  for (const asked of [acceptor.admit(GLOBEX, 0), acceptor.charge(GLOBEX, 1)]) {
    expect(asked).toEqual({ outcome: "throttled", maxPerSecond: 10, waitSeconds: expect.any(Number) });
  }
  expect(acceptor.admit(ACME, 1_000)).toEqual({ outcome: "admitted" });
});

it("refuses what was admitted when the room is gone since, and gives the keys back", async () => {
  writer.hasRoom = false;
  expect(await acceptor.accept(ACME, [{ message: MESSAGE, key: "k" }])).toEqual({ outcome: "refused" });
  writer.hasRoom = true;
  const corrected = await acceptor.accept(ACME, [{ message: { ...MESSAGE, text: "corrected" }, key: "k" }]);
  expect(corrected).toMatchObject({ outcome: "accepted", results: [{ status: "accepted" }] });
});

it("names the messages that may yet be stored when Kafka does not answer in time, and keeps their keys", async () => {
  writer.onSend = () => new Promise(() => {});
  const late = await acceptor.accept(ACME, [{ message: MESSAGE, key: "k" }, { message: {} }]);
  expect(late).toMatchObject({ outcome: "unknown", results: [{ status: "accepted" }, { status: "rejected" }] });
  if (late.outcome !== "unknown" || late.results[0]?.status !== "accepted") throw new Error(late.outcome);
  expect(isRemembered(late.results[0].id)).toBe(false);
  const other = await acceptor.accept(ACME, [{ message: { ...MESSAGE, text: "another" }, key: "k" }]);
  expect(other).toMatchObject({ outcome: "accepted", results: [{ status: "rejected", kind: "conflict" }] });
});
