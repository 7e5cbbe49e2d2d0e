import { describe, expect, it } from "vitest";
import { ROUTER_INPUTS } from "../../../../schemas/topics.ts";
import type { MessageRule, Ruling } from "../../../../services/router/rules/message-rule.ts";
import { eventOf, inRecord, NOW, request, world } from "../router-world.ts";

const OVER: Ruling = {
  verdict: "refuse",
  end: { state: "rejected", errorClass: "blocked", code: "test-rule" },
  detail: "the test says so",
};
const LATER: Ruling = { verdict: "wait", due: NOW + 7_200_000, code: "test-wait", detail: "not at this hour" };

function ruled(...rulings: (Ruling | undefined)[]) {
  const made = world();
  const given: string[] = [];
  const state = { rulings };
  const rule = (i: number): MessageRule => ({
    judge: () => state.rulings[i],
    assigned: ({ facts }, { provider }) => void given.push(`${i}: ${facts.accountId} to ${provider.id}`),
    recovery:
      () =>
      (_, { headers }) =>
        void given.push(`${i}: ${String(headers.id).split("/").at(-1)}`),
  });
  made.rules.push(...rulings.map((_, i) => rule(i)));
  return { ...made, given, state };
}

describe("the rules of a router", () => {
  it("let a message go that none of them is against, and are told who takes it", async () => {
    const { start, run, given } = ruled(undefined, undefined);
    const { decisions } = run(await start(), request());
    expect(eventOf(decisions[0])).toMatchObject({ type: "routed", provider: "a" });
    expect(given).toEqual(["0: acme to a", "1: acme to a"]);
  });

  it("end a message, by the word of the first that is against it, and nothing is sent", async () => {
    const { start, run, given } = ruled(undefined, OVER, LATER);
    const { decisions, effects } = run(await start(), request());
    expect(eventOf(decisions[0])).toMatchObject({
      type: "closed",
      state: "rejected",
      errorCode: "test-rule",
      reason: "the test says so",
    });
    expect(effects).toEqual([]);
    expect(given).toEqual([]);
  });

  it("let a message wait, and ask again when it comes back", async () => {
    const { start, run, state, at } = ruled(LATER);
    const router = await start();
    const { decisions, effects } = run(router, request());
    expect(eventOf(decisions[0])).toMatchObject({ type: "postponed", errorCode: "test-wait", due: NOW + 7_200_000 });
    expect(effects.map(({ topic, headers }) => [topic, headers?.due])).toEqual([
      ["sms.scheduled", String(NOW + 7_200_000)],
    ]);
    const back = inRecord("sms.due", 0, effects[0]!.value!);
    state.rulings = [OVER];
    at(NOW + 3_600_000);
    expect(eventOf(run(router, back).decisions[0])).toMatchObject({ type: "closed", errorCode: "test-rule" });
  });

  it("are not asked again about what was decided: a new owner carries it out, and they are shown the decisions", async () => {
    const { start, run, state, given } = ruled(undefined);
    run(await start(), request());
    given.length = 0;
    state.rulings = [OVER];
    const next = await start(ROUTER_INPUTS.map(() => 0));
    const { decisions, effects } = run(next, request());
    expect(decisions).toEqual([]);
    expect(effects.map(({ topic }) => topic)).toEqual(["sms.dispatch.a.otp"]);
    expect(given).toEqual(["0: routed"]);
  });
});
