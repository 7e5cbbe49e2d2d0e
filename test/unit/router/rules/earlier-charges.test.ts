import { describe, expect, it } from "vitest";
import { readContracts } from "../../../../schemas/contracts.ts";
import type { Dispatch, Event, Retry } from "../../../../schemas/generated/types.ts";
import { EARLIER, earlierCodec, fromToday } from "../../schemas/earlier-contracts.ts";
import { codecs, dispatchOf, eventOf, HOME, inRecord, request } from "../router-world.ts";
import { back, budgeted, CENT, DAY_END, MONTH_END, one, requestsFrom } from "./budgeted.ts";

/** Of a version that did not know what a charge takes of a month. */
const earlier = {
  event: earlierCodec<Event>("Event", codecs.learnSchema, 10_011),
  dispatch: earlierCodec<Dispatch>("Dispatch", codecs.learnSchema, 10_012),
  retry: earlierCodec<Retry>("Retry", codecs.learnSchema, 10_013),
};
const CHARGE = { currency: "EUR", added: CENT, held: CENT, until: DAY_END };

async function started() {
  const w = budgeted({ daily: "1", monthly: "2" });
  const router = await w.start();
  await w.settle(router);
  return { w, router };
}
const readable = <T>(decoded: { ok: true; value: T } | { ok: false; detail: string }): T => {
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.value;
};

describe("during an upgrade from a version that did not know of the month of a charge", () => {
  it("that version reads today's events, orders and retries, with what it knows of the charge", async () => {
    const { w, router } = await started();
    const { decisions, effects } = w.run(router, one(0));
    const retry = back(effects[0], "transient");
    const read = [
      earlier.event.decode(fromToday(decisions[0]!.value!)),
      earlier.dispatch.decode(fromToday(effects[0]!.value!)),
      earlier.retry.decode(fromToday(retry.value!)),
    ];
    for (const decoded of read) expect(readable<{ charge: unknown }>(decoded).charge).toEqual(CHARGE);
  });

  it("of what is decided after midnight it sees the day's amounts: of the month it counts too much rather than too little", async () => {
    const { w, router } = await started();
    const DAYS = { validitySeconds: 259_200 };
    const orders = [0, 1].map((n) => w.run(router, request(n, { ...DAYS, messageId: `m-${n}` })).effects[0]);
    w.to(DAY_END + 1);
    const other = w.run(router, back(orders[0], "transient"));
    const end = w.run(router, back(orders[1], "permanent"));
    const charges = [other, end].map(({ decisions }) => {
      const [record] = decisions;
      return [eventOf(record).charge, readable(earlier.event.decode(fromToday(record!.value!))).charge];
    });
    expect(charges).toMatchObject([
      [{ added: CENT, addedToMonth: 0 }, { added: CENT }],
      [{ added: 0, addedToMonth: -CENT }, { added: 0 }],
    ]);
  });

  it("today's router goes on with what that one committed, decided and sent back", async () => {
    const { w, router: first } = await started();
    const { decisions, effects } = w.run(first, one(0));
    await w.settle(first);
    // As the earlier version wrote them.
    const [event, order] = [eventOf(decisions[0]), dispatchOf(effects[0])];
    w.log.splice(0, w.log.length, {
      ...w.log[0]!,
      value: Buffer.from(earlier.event.encode({ ...event, charge: CHARGE as never })),
    });
    const next = await w.start(requestsFrom(1), '{"e":0}');
    w.stored(next);
    await w.settle(next, 3_000);
    expect(w.board.word("acme", HOME)).toMatchObject({ day: CENT, month: CENT, dayEnd: DAY_END, monthEnd: MONTH_END });

    const { facts, text, attempt, provider, inDoubt } = readable(
      codecs.dispatch.decode(earlier.dispatch.encode({ ...order, charge: CHARGE as never })),
    );
    const tried = [{ provider, errorClass: "permanent", errorCode: "x" }];
    const rest = { inDoubt, spendLeft: null, spendCurrency: null, charge: CHARGE as never };
    const retry = earlier.retry.encode({ facts, text, attempt: attempt + 1, tried, ...rest });
    const end = w.run(next, inRecord("sms.retry.0s", 0, Buffer.from(retry)));
    expect(eventOf(end.decisions[0])).toMatchObject({ type: "closed", charge: { added: -CENT, addedToMonth: -CENT } });
    w.stored(next);
    await w.settle(next, 3_000);
    expect(w.board.word("acme", HOME)).toMatchObject({ day: 0, month: 0 });
  });
});

it("words on budgets have the form that they have had from the beginning: an earlier version would pass over what it does not know", () => {
  const form = (contracts: typeof EARLIER) =>
    contracts.get("BudgetWord")!.fields.map(({ name, type }) => ({ name, type }));
  expect(form(readContracts())).toEqual(form(EARLIER));
});
