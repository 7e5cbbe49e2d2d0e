import { expect, it } from "vitest";
import { nextSource } from "../../../../pipeline/control/next-source.ts";

const HOUR = 3_600_000;
const files = (...ids: string[]) => ({
  accounts: [],
  providers: ids.map((id) => ({ id, receiptDeadlineSeconds: 3_600 })),
  routes: [],
});
const none = () => ({ waiting: 0 });

it("is what the files hold where nothing was removed", () => {
  expect(nextSource(files("a"), undefined, none, 0)).toEqual(files("a"));
  expect(nextSource(files("a", "b"), files("a"), none, 0)).toEqual(files("a", "b"));
});

it("keeps a provider that is removed until nothing waits for it and its receipts are due", () => {
  const first = nextSource(files("a"), files("a", "b"), none, 1_000);
  expect(first).toMatchObject({ retired: [{ id: "b" }], retiredSince: { b: 1_000 } });
  const again = (waiting: number, at: number) => nextSource(files("a"), first, () => ({ waiting }), at);
  expect(again(0, HOUR)).toMatchObject({ retiredSince: { b: 1_000 } });
  expect(again(3, 5 * HOUR)).toMatchObject({ retired: [{ id: "b" }], retiredSince: { b: 1_000 } });
  expect(again(0, 5 * HOUR)).toEqual(files("a"));
});

it("takes one back that is added again", () => {
  const removed = nextSource(files("a"), files("a", "b"), none, 1_000);
  expect(nextSource(files("a", "b"), removed, none, 2_000)).toEqual(files("a", "b"));
});

it("keeps no prices of a provider that is removed", () => {
  const [b] = files("b").providers;
  const before = { ...files("a"), providers: [...files("a").providers, { ...b, prices: { list: "long" } }] };
  expect(nextSource(files("a"), before, none, 0)).toMatchObject({ retired: [{ id: "b", prices: [] }] });
});
