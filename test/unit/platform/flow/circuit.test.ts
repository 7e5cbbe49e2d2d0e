import { expect, test } from "vitest";
import { Circuit } from "../../../../platform/flow/circuit.ts";

const make = () => {
  const circuit = new Circuit({ failures: 3, openMs: 1_000, silenceMs: 500 });
  circuit.linkUp();
  return circuit;
};

test("so many failures in a row open it; a success in between begins the count again", () => {
  const circuit = make();
  circuit.failed("ESME_RSYSERR", 0);
  circuit.failed("ESME_RSYSERR", 0);
  circuit.succeeded();
  circuit.failed("ESME_RSYSERR", 0);
  circuit.failed("ESME_RSYSERR", 0);
  expect(circuit.state).toBe("closed");
  circuit.failed("ESME_RSYSERR", 1);
  expect(circuit.state).toBe("open");
  expect(circuit.reason).toBe("ESME_RSYSERR");
});

test("held, it stays open whatever comes and passes, until it is released; then a few are tried", () => {
  const circuit = make();
  circuit.hold("quota-reached", 0);
  expect([circuit.state, circuit.reason]).toEqual(["open", "quota-reached"]);
  circuit.linkDown("peer_closed", 100);
  circuit.linkUp();
  circuit.succeeded();
  circuit.tick(100_000);
  expect([circuit.state, circuit.reason]).toEqual(["open", "quota-reached"]);
  circuit.release();
  expect(circuit.state).toBe("half_open");
  for (let n = 0; n < 3; n++) circuit.succeeded();
  circuit.release();
  expect(circuit.state).toBe("closed");
});

test("released without a link, it waits for the link as any; removed from the catalog, it stays so", () => {
  const circuit = make();
  circuit.hold("quota-reached", 0);
  circuit.linkDown("peer_closed", 100);
  circuit.release();
  circuit.tick(50_000);
  expect([circuit.state, circuit.reason]).toEqual(["open", "no link: peer_closed"]);
  circuit.linkUp();
  expect(circuit.state).toBe("half_open");
  circuit.leaveForGood("removed", 60_000);
  circuit.hold("quota-reached", 60_000);
  circuit.release();
  expect([circuit.state, circuit.reason]).toEqual(["open", "removed"]);
});

test("after a while a few are tried: their success closes it, one failure opens it again", () => {
  const circuit = make();
  for (let i = 0; i < 3; i++) circuit.failed("x", 0);
  circuit.tick(999);
  expect(circuit.state).toBe("open");
  circuit.tick(1_000);
  expect(circuit.state).toBe("half_open");
  circuit.failed("y", 1_100);
  expect(circuit.state).toBe("open");
  circuit.tick(2_099);
  expect(circuit.state).toBe("open");
  circuit.tick(2_100);
  for (let i = 0; i < 3; i++) {
    expect(circuit.state).toBe("half_open");
    circuit.succeeded();
  }
  expect(circuit.state).toBe("closed");
  expect(circuit.reason).toBeNull();
});

test("a link that is away shortly is waited for; away for longer it opens, and its return is tried at once", () => {
  const circuit = make();
  circuit.linkDown("peer_closed", 0);
  circuit.tick(1_700);
  expect(circuit.state).toBe("closed");
  circuit.linkUp();
  circuit.tick(2_500);
  expect(circuit.state).toBe("closed");
  circuit.linkDown("peer_closed", 3_000);
  circuit.tick(5_000);
  expect(circuit.state).toBe("open");
  expect(circuit.reason).toBe("no link: peer_closed");
  circuit.linkDown("bind refused: ESME_RINVPASWD", 6_000);
  circuit.tick(60_000);
  expect(circuit.state).toBe("open");
  expect(circuit.reason).toBe("no link: bind refused: ESME_RINVPASWD");
  circuit.linkUp();
  expect(circuit.state).toBe("half_open");
});

test("submissions that get no answer at all open it; answers, whatever they say, keep it closed", () => {
  const circuit = make();
  circuit.sent(0, 0);
  circuit.sent(1, 400);
  circuit.answered(1, 450, 450);
  circuit.tick(900);
  expect(circuit.state).toBe("closed");
  circuit.tick(950);
  expect(circuit.state).toBe("open");
  expect(circuit.reason).toBe("no answer for 500 ms");
});

test("silence of a link with nothing under way means nothing", () => {
  const circuit = make();
  circuit.sent(0, 0);
  circuit.answered(0, 10, 10);
  circuit.tick(100_000);
  expect(circuit.state).toBe("closed");
});

test("connections lost with requests under way open it, unless they are far apart; what is lost at once counts once", () => {
  const circuit = make();
  for (let i = 0; i < 50; i++) circuit.lost(i);
  circuit.lost(1_000);
  expect(circuit.state).toBe("closed");
  circuit.lost(32_000);
  circuit.lost(33_000);
  expect(circuit.state).toBe("closed");
  circuit.lost(34_000);
  expect(circuit.state).toBe("open");
  circuit.linkUp();
  expect(circuit.state).toBe("open");
  circuit.tick(35_000);
  expect(circuit.state).toBe("half_open");
  circuit.lost(35_100);
  expect(circuit.state).toBe("open");
});

test("throttling opens it only while nothing is taken", () => {
  const circuit = make();
  circuit.throttled(0, 250);
  circuit.succeeded();
  for (let at = 4_000; at <= 8_500; at += 300) {
    circuit.throttled(at, 250);
    circuit.tick(at);
    expect(circuit.state).toBe("closed");
  }
  circuit.throttled(8_800, 250);
  circuit.tick(8_900);
  expect(circuit.state).toBe("open");
  expect(circuit.reason).toBe("throttled for 5050 ms");
});

test("what it throttled once opens it neither by time alone nor by the next one long after; what it asks to be left alone for counts", () => {
  const circuit = make();
  circuit.throttled(0, 250);
  circuit.tick(10_000);
  expect(circuit.state).toBe("closed");
  circuit.throttled(3_600_000, 250);
  circuit.tick(3_606_000);
  expect(circuit.state).toBe("closed");
  // Of a provider with a message in ten seconds.
  circuit.throttled(3_610_000, 250);
  circuit.tick(3_610_100);
  expect(circuit.state).toBe("open");
  const other = make();
  other.throttled(0, 4_000);
  other.tick(4_100);
  expect(other.state).toBe("closed");
  other.throttled(4_100, 4_000);
  other.tick(4_200);
  expect(other.state).toBe("open");
});

test("a provider that unbinds instead of taking a message opens it, unless it has taken one in between", () => {
  const circuit = make();
  for (let i = 0; i < 10; i++) {
    for (let burst = 0; burst < 40; burst++) circuit.departed(i * 1_000 + burst);
    circuit.succeeded();
  }
  expect(circuit.state).toBe("closed");
  for (let i = 0; i < 3; i++) circuit.departed(20_000 + i * 300);
  expect(circuit.state).toBe("open");
  expect(circuit.reason).toBe("unbound 3 times instead of taking a message");
  circuit.tick(30_600);
  expect(circuit.state).toBe("half_open");
  circuit.departed(31_000);
  expect(circuit.state).toBe("open");
});

test("one that is left for good stays open, whatever comes back", () => {
  const circuit = make();
  circuit.leaveForGood("removed from the catalog", 0);
  circuit.linkUp();
  circuit.succeeded();
  for (let now = 0; now < 100_000; now += 1_000) circuit.tick(now);
  expect([circuit.state, circuit.reason]).toEqual(["open", "removed from the catalog"]);
});
