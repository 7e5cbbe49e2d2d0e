import { expect, test } from "vitest";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { GuardedLink, guardedDelivery, PREPARE_FAULT } from "../../../services/sender/guarded-link.ts";
import type { Link, LinkEvents } from "../../../services/sender/link.ts";
import { Submission } from "../../../services/sender/submission.ts";
import type { Unit } from "../../../services/sender/unit-result.ts";

const broken = (): never => {
  throw new Error("not foreseen");
};

/** A link of which every method throws, once it is told to. */
function faulty(ways: Partial<Link<Unit>>): { link: Link<Unit>; events: () => LinkEvents<Unit> } {
  let events: LinkEvents<Unit> | undefined;
  const link: Link<Unit> = {
    up: true,
    room: 3,
    inFlight: 0,
    start: (given) => {
      events = given;
    },
    stop: async () => {},
    prepare: () => [{ weight: 1 }],
    send: () => "sent",
    ...ways,
  };
  return { link, events: () => events! };
}

function guard(link: Link<Unit>) {
  const lines: string[] = [];
  let faults = 0;
  const error = (fields: object, message: string) => void lines.push(`${JSON.stringify(fields)} ${message}`);
  const log = { debug() {}, info() {}, warn() {}, error };
  const guarded = new GuardedLink(link, { provider: "alpha", log, onFault: () => faults++ });
  return { guarded, lines, faults: () => faults };
}

const handlers = (ways: Partial<LinkEvents<Unit>> = {}): LinkEvents<Unit> => ({
  onUp: () => {},
  onDown: () => {},
  onLeaving: () => true,
  onRoom: () => {},
  onResult: () => {},
  onLate: () => {},
  ...ways,
});

test("a link that cannot be started is one that is down, with the reason", () => {
  const { guarded, lines } = guard(faulty({ start: broken }).link);
  const downs: string[] = [];
  guarded.start(handlers({ onDown: (why) => downs.push(why) }));
  expect([downs, guarded.up, guarded.room]).toEqual([["cannot be started: not foreseen"], false, 0]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("alpha");
});

test("a message that cannot be prepared or sent is refused, and the next is tried", async () => {
  const { guarded } = guard(faulty({ prepare: broken, send: broken, stop: broken }).link);
  expect(guarded.prepare({} as Dispatch, 0)).toBe(PREPARE_FAULT);
  expect(guarded.send(new Submission([{ weight: 1 }]), 0)).toBe("invalid");
  await guarded.stop(0);
});

test("a fault in taking what the link reports begins this provider's part again, and goes no further", () => {
  const { link, events } = faulty({});
  const { guarded, faults } = guard(link);
  guarded.start(
    handlers({ onUp: broken, onDown: broken, onLeaving: broken, onRoom: broken, onResult: broken, onLate: broken }),
  );
  events().onUp();
  events().onDown("gone");
  events().onRoom();
  events().onResult(new Submission([{ weight: 1 }]), 0, { outcome: "accepted", code: "", id: "1" });
  expect(events().onLeaving(1)).toBe(false);
  events().onLate(new Submission([{ weight: 1 }]), 0, { outcome: "accepted", code: "", id: "1" });
  expect(faults()).toBe(6);
});

test("a deliver_sm that cannot be handled stays with the provider", () => {
  const statuses: (number | undefined)[] = [];
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  guardedDelivery(broken, { provider: "alpha", log })({}, (status) => statuses.push(status) > 0);
  expect(statuses).toEqual([commandStatus.ESME_RX_T_APPN]);
});
