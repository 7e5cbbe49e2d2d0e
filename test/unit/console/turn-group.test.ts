import { expect, test } from "vitest";
import { TurnGroup } from "../../../services/console/alerts/turn-group.ts";

/** Members in the order in which they are opened; `fails` so many starts. */
function world(awayMs: number, fails = 0) {
  const members: { started: number; stopped: number }[] = [];
  const troubles: string[] = [];
  const open = () => {
    const state = { started: 0, stopped: 0 };
    members.push(state);
    return {
      get status() {
        return { joined: state.started > 0, leaseValid: true, assigned: [0] };
      },
      start: async () => {
        if (members.length > 1 && fails-- > 0) throw new Error("no broker");
        state.started++;
      },
      stop: async () => void state.stopped++,
    };
  };
  const onTrouble = ({ message }: Error) => void troubles.push(message);
  return { group: new TurnGroup({ open, onTrouble, awayMs, retryMs: 1 }), members, troubles };
}

test("who steps back leaves the group at once, and comes again as a new member however often Kafka refuses", async () => {
  const { group, members, troubles } = world(20, 2);
  await group.start();
  expect(group.status).toMatchObject({ joined: true, assigned: [0], away: false });
  group.stepBack();
  group.stepBack();
  expect(group.status).toEqual({ joined: false, leaseValid: false, assigned: [], away: true });
  await expect.poll(() => group.status).toMatchObject({ joined: true, away: false });
  expect([members, troubles]).toEqual([
    [
      { started: 1, stopped: 1 },
      { started: 1, stopped: 0 },
    ],
    ["no broker", "no broker"],
  ]);
  group.stepBack();
  expect(group.status.away).toBe(true);
  await group.stop();
});

test("one that is stopped while it is away does not come again", async () => {
  const { group, members } = world(60_000);
  await group.start();
  group.stepBack();
  await group.stop();
  group.stepBack();
  expect(members).toHaveLength(1);
  expect(members[0]!.started).toBe(1);
});
