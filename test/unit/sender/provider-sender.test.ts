import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resultOfFault } from "../../../services/sender/http-link.ts";
import type { UnitResult } from "../../../services/sender/unit-result.ts";
import { running, world } from "./provider-world.ts";

beforeEach(() => void vi.useFakeTimers({ now: 2_000_000 }));
afterEach(() => void vi.useRealTimers());

test("it binds when it owns a partition, and unbinds a while after it owns none", async () => {
  const { link, sender, owner } = await running();
  expect(sender.trouble).toBeUndefined();
  sender.disown(owner);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(link.stopped).toBe(0);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(link.stopped).toBe(1);
  expect(sender.trouble).toBeUndefined();
  await sender.stop();
  expect(link.stopped).toBe(1);
});

test("it says why nothing goes out: no link, what the provider answers, and nothing for a spare", async () => {
  const { link, sender, owner, submit } = world({ circuit: { failures: 2, openMs: 1_000 } });
  expect(sender.trouble).toBeUndefined();
  sender.own(owner);
  await vi.advanceTimersByTimeAsync(0);
  expect(sender.trouble).toBe("no link: not connected yet");
  link.bind();
  await vi.advanceTimersByTimeAsync(1_300);
  expect(sender.trouble).toBeUndefined();
  for (let n = 0; n < 2; n++) submit();
  for (let n = 0; n < 2; n++) link.answer({ outcome: "transient", code: "ESME_RSYSERR" });
  expect(sender.trouble).toBe("ESME_RSYSERR");
  await vi.advanceTimersByTimeAsync(1_500);
  expect(sender.trouble).toBe("on trial: ESME_RSYSERR");
  link.lose("never");
  expect(sender.trouble).toBe("no link: peer_closed");
  sender.disown(owner);
  expect(sender.trouble).toBeUndefined();
  await sender.stop();
});

test("one that is out of use or removed says so alone, whatever its link does: that is for receipts", async () => {
  for (const [use, why] of [
    ["none", "out of use by the catalog"],
    ["normal", "removed from the catalog"],
  ] as const) {
    const { link, sender, owner } = world({ use }, { retired: true });
    sender.own(owner);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sender.trouble).toBe(why);
    link.bind();
    link.lose("never");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sender.trouble).toBe(why);
    await sender.stop();
  }
});

test("requests count against the rate from the moment they leave, and leave only for somebody who may send them", async () => {
  const { link, owner, submit } = await running({ rate: 10 });
  submit();
  await vi.advanceTimersByTimeAsync(900);
  expect(link.leave(1)).toBe(true);
  for (let n = 0; n < 20; n++) submit();
  await vi.advanceTimersByTimeAsync(1_000);
  // Nine beside the one that left at its start.
  expect(link.sent).toBe(10);
  owner.alive = false;
  expect(link.leave(9)).toBe(false);
});

test("there is room only for what may go now, and the owner is woken for more", async () => {
  const { link, sender, owner, submit } = await running({ rate: 10 });
  expect(sender.room()).toBe(1);
  submit();
  expect(link.sent).toBe(1);
  const { woken } = owner;
  expect(sender.room()).toBe(0);
  await vi.advanceTimersByTimeAsync(90);
  expect(owner.woken).toBeGreaterThan(woken);
  expect(sender.room()).toBe(1);
  await sender.stop();
});

test("what has no slot yet waits here, in order, and leaves no room for others", async () => {
  const { link, sender, settled, submit } = await running({ rate: 10 });
  submit({ facts: { segments: 3 } });
  expect(link.sent).toBe(1);
  expect(sender.room()).toBe(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(link.sent).toBe(3);
  link.answer();
  link.answer();
  expect(settled).toEqual([]);
  link.answer();
  expect(settled[0]).toMatchObject({ type: "submitted", cost: 22_500 });
  await sender.stop();
});

test("an otp does not wait behind the parts of a long message that wait for the next second, and a failed one leaves its place", async () => {
  const { link, sender, settled, submit } = await running({ rate: 400 });
  const marketing = (segments = 1) => submit({ facts: { lane: "marketing", segments } });
  let sent = 0;
  // One of the second's 400 is kept for an otp, and one is left.
  for (let ms = 0; ms < 900 && sent < 398; ms++) {
    for (; sent < 398 && sender.room() > 0; sent++) {
      marketing();
      link.answer();
    }
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(sent).toBe(398);
  await vi.advanceTimersByTimeAsync(20);
  const before = link.sent;
  marketing(3);
  expect(link.sent - before).toBe(1);
  expect(sender.room()).toBe(0);
  expect(sender.room(true)).toBeGreaterThan(0);
  submit({ facts: { lane: "otp", segments: 2 } });
  expect(link.sent - before).toBe(2);
  // Refused while its parts wait, now behind the otp's second: none of them follows.
  link.answer({ outcome: "permanent", code: "ESME_RINVDSTADR" });
  link.answer();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(link.sent - before).toBe(3);
  link.answer();
  expect(settled.slice(-2).map((event) => event?.type)).toEqual(["returned", "submitted"]);
  await sender.stop();
});

test("a throttled message goes again after the pause; throttled for too long, while others are taken, it goes back", async () => {
  const { link, sender, settled, submit } = await running();
  submit();
  const throttled: UnitResult = { outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 };
  link.answer(throttled);
  await vi.advanceTimersByTimeAsync(200);
  expect(link.sent).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(link.sent).toBe(2);
  expect(settled).toEqual([]);
  const { submission } = link.waiting[0]!;
  const back = () => settled.filter((event) => event?.type === "returned");
  for (let i = 0; i < 100 && back().length === 0; i++) {
    if (sender.room() > 0) submit();
    while (link.inFlight > 0) link.answer(link.waiting[0]!.submission === submission ? throttled : undefined);
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(back()).toMatchObject([
    { type: "returned", errorClass: "throttled", errorCode: "ESME_RTHROTTLED", reason: null },
  ]);
  expect(performance.now()).toBeGreaterThan(30_000);
  await sender.stop();
});

test("a provider that throttles everything is left after 5 s, one that wants to be left alone for long at once", async () => {
  const { link, sender, settled, submit } = await running();
  submit();
  for (let i = 0; i < 100 && settled.length === 0; i++) {
    if (link.inFlight > 0) link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 });
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted", errorCode: "circuit-open" }]);
  expect(performance.now()).toBeLessThan(8_000);
  expect(sender.circuit.state).toBe("open");
  await sender.stop();
  const other = await running();
  other.submit();
  other.link.answer({ outcome: "throttled", code: "20429", pauseMs: 60_000 });
  await vi.advanceTimersByTimeAsync(300);
  expect(other.settled).toMatchObject([{ type: "returned", errorClass: "throttled" }]);
  // Not before it said, however short the circuit's own time is.
  await vi.advanceTimersByTimeAsync(59_000);
  expect(other.sender.circuit.state).toBe("open");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(other.sender.circuit.state).toBe("half_open");
  await other.sender.stop();
});

test("a link lost shortly: what had left is in doubt, what had not goes again", async () => {
  const { link, sender, settled, submit } = await running();
  submit();
  link.lose("maybe");
  expect(settled).toMatchObject([{ type: "in_doubt", errorClass: "unknown", errorCode: "link-lost" }]);
  expect(sender.room()).toBe(0);
  link.bind();
  submit();
  link.lose("never");
  await vi.advanceTimersByTimeAsync(500);
  link.bind();
  expect(link.inFlight).toBe(1);
  link.answer();
  expect(settled[1]).toMatchObject({ type: "submitted" });
  await sender.stop();
});

test("what ends with its connection leaves nothing that an answer is waited for, where another bind stands", async () => {
  const { link, sender, submit } = await running();
  submit();
  submit();
  link.answer({ outcome: "in-doubt", code: "link-lost" });
  await vi.advanceTimersByTimeAsync(3_000);
  link.answer({ outcome: "unsent", code: "link-lost", stayed: false });
  link.answer({ outcome: "refused", code: "ESME_RINVDSTADR" });
  submit();
  link.answer({ outcome: "in-doubt", code: "link-lost" });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sender.circuit.state).toBe("closed");
  await sender.stop();
});

test("a provider is tried after its time though requests from before have no answer yet, and failures of these decide nothing", async () => {
  const { link, sender, settled, submit } = await running({ circuit: { openMs: 2_000 } });
  for (let n = 0; n < 20; n++) submit();
  while (sender.circuit.state === "closed") await vi.advanceTimersByTimeAsync(100);
  expect(sender.circuit.reason).toMatch(/^no answer/);
  while (sender.circuit.state === "open") await vi.advanceTimersByTimeAsync(100);
  expect(link.inFlight).toBe(20);
  expect(sender.room()).toBe(3);
  for (let n = 0; n < 3; n++) submit();
  expect([link.inFlight, sender.room()]).toEqual([23, 0]);
  link.answer({ outcome: "in-doubt", code: "response-timeout" });
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 });
  expect(sender.circuit.state).toBe("half_open");
  for (let n = 0; n < 3; n++) {
    link.waiting.unshift(link.waiting.pop()!);
    link.answer();
  }
  expect(sender.circuit.state).toBe("closed");
  expect(settled.slice(-3).map((event) => event?.type)).toEqual(["submitted", "submitted", "submitted"]);
  await sender.stop();
});

test("a trial that nothing answers ends by silence, also while requests from before wait", async () => {
  const { link, sender, submit } = await running({ circuit: { openMs: 2_000 } });
  for (let n = 0; n < 20; n++) submit();
  while (sender.circuit.state !== "half_open") await vi.advanceTimersByTimeAsync(100);
  submit();
  await vi.advanceTimersByTimeAsync(5_500);
  expect([sender.circuit.state, link.inFlight]).toEqual(["open", 21]);
  await sender.stop();
});

test("a fault of a connection is no answer: neither its time counts nor does it say that somebody is there", async () => {
  const { link, sender, submit } = await running();
  const answered = vi.spyOn(sender.circuit, "answered");
  const { code: _, ...fault } = resultOfFault({ code: "" }, false);
  submit();
  submit();
  await vi.advanceTimersByTimeAsync(4_000);
  link.answer({ ...fault, code: "UND_ERR_CONNECT_TIMEOUT" });
  expect(answered).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_300);
  expect(sender.circuit.reason).toMatch(/^no answer for 5\d\d\d ms$/);
  await sender.stop();
});

test("a link lost for longer: everything is handed back, at a bounded rate, until it is there again", async () => {
  const { link, sender, settled, submit } = await running();
  submit();
  link.lose("never");
  await vi.advanceTimersByTimeAsync(2_300);
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted" }]);
  let handed = 0;
  for (let ms = 0; ms < 2_000; ms++) {
    for (; sender.room() > 0; handed++) submit();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(handed).toBeGreaterThan(3_000);
  expect(handed).toBeLessThanOrEqual(4_100);
  expect(settled).toHaveLength(handed + 1);
  link.bind();
  expect(sender.circuit.state).toBe("half_open");
  for (let n = 0; n < 10 && sender.room() > 0; n++) submit();
  expect(link.inFlight).toBe(3);
  for (let n = 0; n < 3; n++) link.answer();
  expect(sender.circuit.state).toBe("closed");
  await sender.stop();
});

test("with nobody else to take it, nothing is handed back while the link is lost; it waits in its topic", async () => {
  let elsewhere = false;
  const { link, sender, submit } = await running({}, { goesElsewhere: () => elsewhere });
  link.lose("never");
  await vi.advanceTimersByTimeAsync(2_300);
  expect(sender.circuit.state).toBe("open");
  for (let ms = 0; ms < 3_000; ms += 100) {
    expect(sender.room()).toBe(0);
    await vi.advanceTimersByTimeAsync(100);
  }
  elsewhere = true;
  expect(sender.room()).toBeGreaterThan(0);
  elsewhere = false;
  link.bind();
  expect(sender.room()).toBe(3);
  submit();
  expect(link.inFlight).toBe(1);
  await sender.stop();
});

test("submit never settles from within, so that a long chain is no deep stack", async () => {
  const { link, sender, settled, submit } = await running();
  link.lose("never");
  await vi.advanceTimersByTimeAsync(2_300);
  submit();
  expect(settled).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toHaveLength(1);
  await sender.stop();
});

test("an expired message is not submitted", async () => {
  const { link, sender, settled, submit } = await running();
  submit({ facts: { expiresAt: Date.now() } });
  await vi.advanceTimersByTimeAsync(1);
  expect(link.sent).toBe(0);
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted", errorCode: "expired" }]);
  await sender.stop();
});

test("an owner that has lost its partition gets nothing submitted any more", async () => {
  const { link, sender, owner, settled, submit } = await running({ rate: 10 });
  submit();
  submit();
  owner.alive = false;
  await vi.advanceTimersByTimeAsync(500);
  expect(link.sent).toBe(1);
  expect(settled).toEqual([undefined]);
  link.answer();
  expect(settled[1]).toMatchObject({ type: "submitted" });
  await sender.stop();
});

test("a stop does not wait for what is throttled: it goes back unsubmitted", async () => {
  const { link, sender, owner, settled, submit } = await running();
  submit();
  link.answer({ outcome: "throttled", code: "20429", pauseMs: 4_000 });
  owner.draining = true;
  await vi.advanceTimersByTimeAsync(300);
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted", errorCode: "stopping" }]);
  await sender.stop();
});

test("some parts accepted and one refused: it goes back, saying that a part went out", async () => {
  const { link, sender, settled, submit } = await running();
  submit({ facts: { segments: 2 } });
  link.answer();
  link.answer({ outcome: "refused", code: "ESME_RINVSRCADR" });
  expect(settled).toMatchObject([{ type: "in_doubt", errorCode: "partial" }]);
  await sender.stop();
});

test("some parts of a held lane's message accepted: it never goes again", async () => {
  const { link, sender, settled, submit } = await running();
  submit({ facts: { segments: 2, lane: "marketing" } });
  link.answer();
  link.answer({ outcome: "refused", code: "ESME_RINVSRCADR" });
  expect(settled).toMatchObject([{ type: "in_doubt", errorCode: "partial" }]);
  await sender.stop();
});

test.each([
  ["none", ""],
  ["blanks", "  "],
])(
  "accepted without an id (%s): submitted all the same, and its receipts are found by the destination",
  async (_, id) => {
    const { link, sender, settled, submit } = await running();
    submit();
    link.answer({ outcome: "accepted", code: "", id });
    expect(settled).toMatchObject([{ type: "submitted", providerMessageIds: [], resubmitted: null }]);
    await sender.stop();
  },
);

test("a connection that is lost again and again with requests under way is left, although it always comes back", async () => {
  const { link, sender, settled, submit } = await running();
  for (let i = 0; i < 3; i++) {
    submit();
    await vi.advanceTimersByTimeAsync(500);
    link.lose("maybe");
    await vi.advanceTimersByTimeAsync(500);
    link.bind();
  }
  expect(sender.circuit.state).toBe("open");
  expect(sender.circuit.reason).toBe("connection lost 3 times with requests under way");
  expect(settled.map((event) => event?.errorCode)).toEqual(["link-lost", "link-lost", "link-lost"]);
  await sender.stop();
});

test("a network that is throttled alone waits alone; the rate of the others stays", async () => {
  const { link, sender, settled, submit } = await running();
  const throttled: UnitResult = { outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 };
  for (let n = 0; n < 20; n++) {
    submit();
    link.answer();
  }
  submit({ facts: { network: "262-02" } });
  link.answer(throttled);
  expect(link.inFlight).toBe(0);
  expect(sender.rate.current).toBe(1_000);
  submit();
  link.answer();
  expect(settled).toHaveLength(21);
  await vi.advanceTimersByTimeAsync(300);
  expect(link.inFlight).toBe(1);
  link.answer();
  expect(settled[21]).toMatchObject({ type: "submitted", facts: { network: "262-02" } });
  await sender.stop();
});

test("a network that does not answer leaves the others their part of the window, and goes back when too much of it waits", async () => {
  const { link, sender, settled, submit } = await running({ window: 20 });
  link.window = 20;
  submit();
  for (let n = 0; n < 40; n++) submit({ facts: { network: "262-02" } });
  await vi.advanceTimersByTimeAsync(1);
  expect(link.inFlight).toBe(18);
  expect(settled).toMatchObject(Array.from({ length: 3 }, () => ({ type: "returned", errorCode: "network-busy" })));
  submit();
  expect(link.inFlight).toBe(19);
  expect(sender.room()).toBe(1);
  await sender.stop();
});

test("what has waited long enough for a network that takes nothing goes back, all of it at once", async () => {
  const { link, sender, settled, submit } = await running({ window: 20 });
  const throttled: UnitResult = { outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 250 };
  // One operator takes nothing, for longer than a message may be held back; the others flow meanwhile.
  const answerAll = () => {
    while (link.inFlight > 0) {
      const { network } = link.waiting[0]!.submission as unknown as { network: string };
      link.answer(network === "262-02" ? throttled : undefined);
    }
  };
  for (let n = 0; n < 20; n++) {
    submit();
    answerAll();
  }
  for (let n = 0; n < 8; n++) {
    submit({ facts: { network: "262-02" } });
    answerAll();
  }
  for (let ms = 0; ms < 35_000; ms += 100) {
    submit();
    answerAll();
    await vi.advanceTimersByTimeAsync(100);
  }
  const back = settled.filter((event) => event?.facts.network === "262-02");
  expect(back.map((event) => event?.type)).toEqual(Array.from({ length: 8 }, () => "returned"));
  await sender.stop();
});

test("what waits for its network goes back when the circuit opens or its owner stops", async () => {
  for (const why of ["circuit-open", "stopping"]) {
    const { link, sender, owner, settled, submit } = await running({ window: 20 });
    submit();
    for (let n = 0; n < 20; n++) submit({ facts: { network: "262-02" } });
    if (why === "stopping") owner.draining = true;
    else link.lose("never");
    await vi.advanceTimersByTimeAsync(2_500);
    const back = settled.filter((event) => event?.type === "returned" && event.errorCode === why);
    expect(back.length, why).toBeGreaterThanOrEqual(3);
    await sender.stop();
  }
});

test("what waits for its network goes back no faster than the router can follow, and before what waits in the log", async () => {
  const { link, sender, owner, settled, submit } = await running({
    ...{ window: 10_000, rate: 10_000 },
    networkRates: [{ mccMnc: "26202", rate: 1 }],
  });
  for (let n = 0; n < 4_000; n++) submit({ facts: { network: "26202" } });
  const waiting = sender.waitingForNetworks;
  expect(waiting).toBeGreaterThan(3_900);
  link.lose("never");
  const back = () => settled.filter((event) => event?.type === "returned").length;
  while (sender.circuit.state === "closed") await vi.advanceTimersByTimeAsync(10);
  await vi.advanceTimersByTimeAsync(500);
  expect(back()).toBeGreaterThan(900);
  expect(back()).toBeLessThan(1_500);
  expect(sender.room()).toBe(0);
  await vi.advanceTimersByTimeAsync(500);
  expect(back()).toBeGreaterThan(1_800);
  expect(back()).toBeLessThanOrEqual(2_100);
  // A process that stops waits for none of it.
  owner.draining = true;
  await vi.advanceTimersByTimeAsync(300);
  expect(sender.waitingForNetworks).toBe(0);
  await sender.stop();
});

test("time-outs of one network alone do not open the circuit; those of all do", async () => {
  const { link, sender, submit } = await running();
  const timeout: UnitResult = { outcome: "in-doubt", code: "response-timeout" };
  const meet = (network: string, result?: UnitResult) => {
    submit({ facts: { network } });
    link.answer(result);
  };
  for (let n = 0; n < 40; n++) meet("262-01");
  for (let n = 0; n < 15; n++) meet("262-02", timeout);
  expect(sender.circuit.state).toBe("closed");
  for (let n = 0; n < 20 && sender.circuit.state === "closed"; n++) meet("262-01", timeout);
  expect(sender.circuit.state).toBe("open");
  await sender.stop();
});

const taken = (id: string): UnitResult => ({ outcome: "accepted", code: "", id });
const refusal: UnitResult = { outcome: "refused", code: "ESME_RSUBMITFAIL" };

test("an answer that comes after the time-out is a submission of the same attempt, with its cost and ids", async () => {
  const { link, sender, settled, late, submit } = await running();
  submit({ attempt: 2, inDoubt: "link-lost" });
  const [request] = link.timeOut();
  expect(settled).toMatchObject([{ type: "in_doubt", attempt: 2, errorCode: "response-timeout" }]);
  expect(link.inFlight).toBe(0);
  link.answerLate(request!, taken(" 33E95179 "));
  expect(late).toMatchObject([
    { type: "submitted", attempt: 2, cost: 7_500, providerMessageIds: ["33E95179"], resubmitted: "link-lost" },
  ]);
  expect(settled).toHaveLength(1);
  await sender.stop();
});

test("late answers to parts complete the set, whatever came in time, in any order", async () => {
  const { link, sender, settled, late, submit } = await running();
  submit({ facts: { segments: 3 } });
  const [first, second] = [link.waiting[0]!, link.waiting[1]!];
  link.waiting.splice(0, 2);
  link.answer(taken("3"));
  link.waiting.push(first, second);
  link.timeOut();
  expect(settled).toMatchObject([{ type: "in_doubt" }]);
  link.answerLate(second, taken("2"));
  expect(late).toEqual([]);
  link.answerLate(first, taken("1"));
  expect(late).toMatchObject([{ type: "submitted", providerMessageIds: ["1", "2", "3"], cost: 22_500 }]);
  await sender.stop();
});

test("an answer that comes late for its part and early for the message is told behind the doubt", async () => {
  const { link, sender, settled, late, submit } = await running();
  submit({ facts: { segments: 2 } });
  const [first, second] = link.waiting.splice(0);
  link.waiting.push(first!);
  link.timeOut();
  link.answerLate(first!, taken("1"));
  expect([settled, late]).toEqual([[], []]);
  link.waiting.push(second!);
  link.answer(taken("2"));
  expect(settled).toMatchObject([{ type: "in_doubt" }]);
  expect(late).toMatchObject([{ type: "submitted", providerMessageIds: ["1", "2"] }]);
  await sender.stop();
});

test("a late refusal of all parts says that the message was not taken; of some it stays in doubt", async () => {
  const { link, sender, late, submit } = await running();
  submit({ facts: { segments: 2 } });
  const [first, second] = link.timeOut();
  link.answerLate(first!, refusal);
  link.answerLate(second!, refusal);
  expect(late).toMatchObject([{ type: "returned", errorClass: "refused", errorCode: "ESME_RSUBMITFAIL" }]);
  submit({ facts: { segments: 2 } });
  const [third, fourth] = link.timeOut();
  link.answerLate(third!, taken("1"));
  link.answerLate(fourth!, refusal);
  expect(late).toHaveLength(1);
  await sender.stop();
});

test("what leaves is noted before it does, and kept before it is asked who owns what", async () => {
  const { link, sender, owner, submit } = await running();
  owner.notes.length = 0;
  submit({ attempt: 1, facts: { segments: 2 } });
  submit({ attempt: 2 });
  expect(owner.notes).toEqual(["leaving 1", "leaving 2"]);
  expect(link.leave(3)).toBe(true);
  expect(owner.notes).toEqual(["leaving 1", "leaving 2", "kept"]);
  owner.keeps = false;
  expect(link.leave(1)).toBe(false);
  submit({ attempt: 3 });
  expect(link.sent).toBe(3);
  owner.keeps = true;
  await vi.advanceTimersByTimeAsync(300);
  expect(link.sent).toBe(4);
  await sender.stop();
});

test("what was not taken at all is noted as such before it goes again; of what was taken in part that is not said", async () => {
  const { link, sender, owner, submit } = await running();
  owner.notes.length = 0;
  submit({ attempt: 1 });
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 50 });
  await vi.advanceTimersByTimeAsync(300);
  expect(owner.notes).toEqual(["leaving 1", "stayed 1", "leaving 1"]);
  link.answer();
  submit({ attempt: 2, facts: { segments: 2 } });
  link.answer();
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 50 });
  await vi.advanceTimersByTimeAsync(300);
  expect(owner.notes).toEqual(["leaving 1", "stayed 1", "leaving 1", "leaving 2"]);
  await sender.stop();
});

test("a centre that unbinds whenever a message comes is left, and the message goes back", async () => {
  const { link, sender, settled, submit } = await running();
  submit();
  for (let n = 0; n < 3; n++) {
    expect(settled).toEqual([]);
    link.answer({ outcome: "unsent", code: "link-lost", stayed: false });
    link.up = false;
    await vi.advanceTimersByTimeAsync(300);
    link.bind();
  }
  expect(sender.circuit.state).toBe("open");
  await vi.advanceTimersByTimeAsync(300);
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted" }]);
  await sender.stop();
});

test("what was not taken when its time is over is not sent again", async () => {
  const { link, sender, settled, submit } = await running();
  submit({ facts: { expiresAt: Date.now() + 1_000 } });
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED", pauseMs: 2_000 });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(link.waiting).toEqual([]);
  expect(settled).toMatchObject([{ type: "returned", errorClass: "unsubmitted", errorCode: "expired" }]);
  await sender.stop();
});
