import { expect, test } from "vitest";
import { Sessions } from "../../../services/console/access/sessions.ts";

const ANNA = { name: "anna", role: "viewer" } as const;
const BEN = { name: "ben", role: "admin" } as const;
const fresh = () => new Sessions({ max: 2, idleMs: 1_000, longestMs: 2_500 });

test("a token is its person's as long as it is used, and nobody's after", () => {
  const sessions = fresh();
  const token = sessions.begin(ANNA, 0);
  expect(sessions.of(token, 1_000)?.person).toEqual(ANNA);
  expect(sessions.of(token, 2_000)?.person).toEqual(ANNA);
  expect(sessions.of(token, 3_001)).toBeUndefined();
  expect(sessions.of(token, 2_000)).toBeUndefined();
  expect(sessions.size).toBe(0);
});

test("a session that is always used ends as well", () => {
  const sessions = fresh();
  const token = sessions.begin(ANNA, 0);
  for (const at of [900, 1_800, 2_500]) expect(sessions.of(token, at)).toBeDefined();
  expect(sessions.of(token, 2_501)).toBeUndefined();
});

test("logging out ends one session; nobody has an unknown token", () => {
  const sessions = fresh();
  const [mine, other] = [sessions.begin(ANNA, 0), sessions.begin(ANNA, 0)];
  sessions.end(mine);
  expect(sessions.of(mine, 1)).toBeUndefined();
  expect(sessions.of(other, 1)).toBeDefined();
  expect(sessions.of("", 1)).toBeUndefined();
  expect(sessions.of(undefined, 1)).toBeUndefined();
});

test("there are never more than the limit: the one that was unused for longest gives way", () => {
  const sessions = fresh();
  const [first, second] = [sessions.begin(ANNA, 0), sessions.begin(BEN, 1)];
  sessions.of(first, 2);
  const third = sessions.begin(ANNA, 3);
  expect(sessions.size).toBe(2);
  expect([first, second, third].map((token) => sessions.of(token, 4) !== undefined)).toEqual([true, false, true]);
});

test("who may not stay is logged out", () => {
  const sessions = fresh();
  const [anna, ben] = [sessions.begin(ANNA, 0), sessions.begin(BEN, 0)];
  sessions.keep(({ name }) => name === "ben");
  expect(sessions.of(anna, 1)).toBeUndefined();
  expect(sessions.of(ben, 1)).toBeDefined();
});
