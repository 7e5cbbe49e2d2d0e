import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Work } from "../../../platform/kafka/dispatcher.ts";
import type { InRecord } from "../../../platform/kafka/record.ts";
import type { Task } from "../../../platform/kafka/task.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { DispatchTask, type DispatchTaskOptions } from "../../../services/sender/dispatch-task.ts";
import { dispatchOf } from "./dispatches.ts";
import { goesBack, running } from "./provider-world.ts";

beforeEach(() => void vi.useFakeTimers({ now: 2_000_000 }));
afterEach(() => void vi.useRealTimers());

const STOPPED = "4915112345678";
const OTHER = "4915112345679";

function consent() {
  const stopped = new Set<string>();
  const unsure = new Set<string>();
  const state = { holds: false };
  const against = ({ to }: { to: string }) => (stopped.has(to) ? ("opted-out" as const) : undefined);
  return {
    stopped,
    unsure,
    state,
    against,
    whenDue: (facts: { to: string }) => (unsure.has(facts.to) ? ("consent-unknown" as const) : against(facts)),
    holds: () => state.holds,
  };
}

test("a message that waits for its slot is not sent when its recipient says stop meanwhile; the others go", async () => {
  const said = consent();
  const { link, submit, settled } = await running({ rate: 1 }, { look: said });
  submit({ facts: { to: OTHER } });
  submit({ facts: { to: STOPPED } });
  submit({ facts: { to: OTHER } });
  await vi.advanceTimersByTimeAsync(0);
  const before = link.sent;
  said.stopped.add(STOPPED);
  for (let i = 0; i < 6; i++) {
    if (link.waiting.length > 0) link.answer();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(before).toBeLessThanOrEqual(1);
  expect(link.sent).toBe(2);
  const returned = settled.filter((event) => event?.type === "returned");
  expect(returned).toEqual([expect.objectContaining({ errorClass: "opted-out", errorCode: "opted-out" })]);
  expect(returned[0]!.facts.to).toBe(STOPPED);
});

test("one that was throttled is looked at again before it goes again", async () => {
  const said = consent();
  const { link, submit, settled } = await running({}, { look: said });
  submit({ facts: { to: STOPPED } });
  await vi.advanceTimersByTimeAsync(0);
  expect(link.sent).toBe(1);
  said.stopped.add(STOPPED);
  link.answer({ outcome: "throttled", code: "ESME_RTHROTTLED" });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(link.sent).toBe(1);
  expect(settled).toEqual([expect.objectContaining({ type: "returned", errorClass: "opted-out" })]);
});

test("a long message whose first part has left goes whole", async () => {
  const said = consent();
  const { link, submit, settled } = await running({ rate: 1 }, { look: said });
  submit({ facts: { to: STOPPED, segments: 3 } });
  await vi.advanceTimersByTimeAsync(500);
  expect(link.sent).toBeGreaterThan(0);
  said.stopped.add(STOPPED);
  for (let i = 0; i < 8; i++) {
    if (link.waiting.length > 0) link.answer();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(link.sent).toBe(3);
  expect(settled).toEqual([expect.objectContaining({ type: "submitted" })]);
});

test("while what is known is too old nothing is sent, and it goes on when it is not", async () => {
  const said = consent();
  said.state.holds = true;
  const { link, submit, settled } = await running({}, { look: said });
  submit({ facts: { to: OTHER } });
  await vi.advanceTimersByTimeAsync(3_000);
  expect([link.sent, settled.length]).toEqual([0, 0]);
  said.state.holds = false;
  await vi.advanceTimersByTimeAsync(500);
  expect(link.sent).toBe(1);
});

test("a message whose recipient alone is not known well enough goes back unsent, and holds up none behind it", async () => {
  const said = consent();
  said.unsure.add(STOPPED);
  const { link, submit, settled } = await running({}, { look: said });
  submit({ facts: { to: STOPPED } });
  submit({ facts: { to: OTHER } });
  await vi.advanceTimersByTimeAsync(500);
  expect(link.sent).toBe(1);
  expect(settled).toEqual([
    expect.objectContaining({ type: "returned", errorClass: "consent-unknown", errorCode: "consent-unknown" }),
  ]);
  expect(settled[0]!.facts.to).toBe(STOPPED);
});

test("a process that is to stop gives back what it holds", async () => {
  const said = consent();
  said.state.holds = true;
  const { link, submit, settled, owner } = await running({}, { look: said });
  submit({ facts: { to: OTHER } });
  owner.draining = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(link.sent).toBe(0);
  expect(settled).toEqual([expect.objectContaining({ type: "returned", errorCode: "stopping" })]);
});

test("what waits in the log goes back when its recipient has said stop, whether the provider can be used or not", () => {
  const returned: unknown[][] = [];
  const outcomes = {
    returned: (...parts: unknown[]) => {
      returned.push(parts.slice(1));
      return { events: [], followUp: [] };
    },
  };
  const said = consent();
  const options = { outcomes, sender: goesBack, now: () => 5, look: said } as unknown as DispatchTaskOptions;
  const task = new DispatchTask({} as Task, options);
  const work = {
    record: { headers: {} } as unknown as InRecord,
    value: dispatchOf({ facts: { to: STOPPED } }),
  } as unknown as Work<Dispatch>;
  expect(task.over(work)).toBeUndefined();
  said.stopped.add(STOPPED);
  task.over(work)!();
  expect(returned).toEqual([["opted-out", "opted-out", 5]]);
});
