import { expect, test } from "vitest";
import type { NetworkLimit } from "../../../services/sender/network-rates.ts";
import { NetworkShares } from "../../../services/sender/network-shares.ts";

const WINDOW = 20;
const of = (network: string) => ({ network, units: [0], due: 1, ahead: 0 });

const limited = (network: string, limit: NetworkLimit) => ({ ...of(network), limit });

function world() {
  const shares = new NetworkShares<ReturnType<typeof of>>(WINDOW);
  /** Asks for so many messages of a network; says how many of them were let through. */
  const through = (network: string, count: number, now = 0) =>
    Array.from({ length: count }, () => shares.admit(of(network), now)).filter((one) => one === "through").length;
  return { shares, through };
}

test("alone, a network has the whole window", () => {
  expect(world().through("slow", 30)).toBe(30); // the link says when its window is full
});

test("while another is there, a network leaves a tenth of the window to those that hold less", () => {
  const { shares, through } = world();
  through("quick", 1);
  expect(through("slow", 30)).toBe(17);
  expect(through("quick", 1)).toBe(1);
  expect(through("third", 1)).toBe(1);
  expect(shares.waiting).toBe(13);
});

test("what waits goes in order when its network has room, or when the others have gone", () => {
  const { shares, through } = world();
  through("quick", 1);
  const slow = Array.from({ length: 20 }, () => of("slow"));
  for (const one of slow) shares.admit(one, 0);
  expect(shares.next(0)).toBeUndefined();
  shares.leave(slow[0]!);
  expect(shares.next(0)).toBe(slow[17]);
  expect(shares.next(0)).toBeUndefined();
  expect(shares.next(6_000)).toBe(slow[18]);
});

test("no more wait than the window; the next ones are to go back", () => {
  const { shares, through } = world();
  through("quick", 1);
  through("slow", 17 + WINDOW);
  expect(shares.full).toBe(true);
  expect(shares.admit(of("slow"), 0)).toBe("full");
  expect(shares.admit(of("quick"), 0)).toBe("through");
});

test("what waits for its network's rate is half of what may wait at the most", () => {
  const { shares, through } = world();
  const never = { allows: () => false, take: () => {}, nextIn: () => 70 };
  through("quick", 1);
  const said = Array.from({ length: 12 }, () => shares.admit(limited("limited", never), 0));
  expect(said).toEqual([...Array(10).fill("waits"), "full", "full"]);
  expect([shares.full, shares.nextIn(0)]).toEqual([true, 70]);
  through("slow", 20);
  expect(shares.waiting).toBe(13);
  expect(shares.remove((member) => "limit" in member).length).toBe(10);
  expect([shares.full, shares.nextIn(0)]).toEqual([false, Number.POSITIVE_INFINITY]);
});

test("throttling of one network alone pauses it, the others go on; fewer of it go afterwards", () => {
  const { shares, through } = world();
  for (let n = 0; n < 20; n++) shares.answered("quick", 0);
  through("slow", 8);
  const first = of("slow");
  expect(shares.failed("slow", 0)).toBe(true);
  shares.throttled("slow", 0, 250);
  expect(shares.again(first, 0)).toBe(false);
  expect(shares.admit(of("slow"), 100)).toBe("waits");
  expect(shares.admit(of("quick"), 100)).toBe("through");
  expect(shares.next(100)).toBeUndefined();
  for (let n = 0; n < 7; n++) shares.leave(of("slow"));
  expect(shares.next(250)).toBe(first);
  for (let n = 0; n < 10; n++) shares.admit(of("slow"), 250);
  let more = 0;
  while (shares.next(250) !== undefined) more++;
  expect(more).toBe(3);
});

test("a failure that others meet too, or that nothing can be told of, concerns the link", () => {
  const { shares } = world();
  expect(shares.failed("slow", 0)).toBe(false);
  for (let n = 0; n < 20; n++) shares.answered("quick", 0);
  expect(shares.failed("slow", 0)).toBe(true);
  for (let n = 0; n < 5; n++) shares.failed("quick", 0);
  expect(shares.failed("slow", 0)).toBe(false);
  for (let n = 0; n < 20; n++) shares.answered("quick", 10_000);
  expect(shares.failed("slow", 10_000), "what was long ago counts no more").toBe(true);
});

test("a few failures of each network are the link's, however few they are; many of one and few of the others are that one's", () => {
  const { shares } = world();
  const answers = (network: string, good: number) => {
    for (let n = 0; n < good; n++) shares.answered(network, 0);
    return shares.failed(network, 0);
  };
  expect([answers("one", 40), answers("two", 40)]).toEqual([false, false]);
  for (let round = 0; round < 5; round++)
    for (const network of ["one", "two"]) expect(answers(network, 40), `${network} ${round}`).toBe(false);
  for (let n = 0; n < 20; n++) answers("three", 1);
  expect(answers("three", 1)).toBe(true);
  expect(answers("two", 40)).toBe(false);
});

test("what must not be sent any more is taken out, and counts as let through until it has ended", () => {
  const { shares, through } = world();
  through("quick", 1);
  through("slow", 20);
  const out = shares.remove(({ network }) => network === "slow");
  expect([out.length, shares.waiting]).toEqual([3, 0]);
  for (const one of out) shares.leave(one);
  expect(shares.admit(of("slow"), 0)).toBe("waits");
});

test("networks that are held back are told with why, those with the most messages first", () => {
  const { shares, through } = world();
  expect(shares.heldBack(0)).toEqual([]);
  for (let n = 0; n < 20; n++) shares.answered("quick", 0);
  through("quick", 1);
  through("slow", 20);
  expect(shares.heldBack(0)).toEqual([{ network: "slow", reason: "window", waiting: 3 }]);
  shares.throttled("barred", 0, 250);
  shares.admit(of("barred"), 0);
  const never = { allows: () => false, take: () => {}, nextIn: () => 70 };
  for (let n = 0; n < 2; n++) shares.admit(limited("limited", never), 0);
  expect(shares.heldBack(0)).toEqual([
    { network: "slow", reason: "window", waiting: 3 },
    { network: "limited", reason: "rate", waiting: 2 },
    { network: "barred", reason: "throttled", waiting: 1 },
  ]);
  expect(shares.heldBack(0, 1)).toHaveLength(1);
  // When its pause is over it may go, as soon as somebody asks.
  expect(shares.heldBack(250).map(({ network }) => network)).toEqual(["slow", "limited"]);
});

test("of many networks that are held back eight are told", () => {
  const { shares } = world();
  const never = { allows: () => false, take: () => {}, nextIn: () => 70 };
  for (let n = 0; n < 10; n++) shares.admit(limited(`2620${n}`, never), 0);
  expect(shares.heldBack(0)).toHaveLength(8);
});
