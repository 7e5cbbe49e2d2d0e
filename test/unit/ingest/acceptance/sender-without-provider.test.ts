import { expect, it } from "vitest";
import { parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import type { SenderPlace } from "../../../../domain/catalog/sender-place.ts";
import { newMessageId } from "../../../../domain/message/message-id.ts";
import { compileRoutes } from "../../../../domain/routing/route-table.ts";
import { Intake } from "../../../../services/ingest/acceptance/intake.ts";
import { ACME } from "../ingest-harness.ts";

const provider = parseProvider({
  id: "web",
  kind: "http-twilio",
  rate: 10,
  currency: "EUR",
  prices: [{ price: "0.01" }],
  http: { baseUrl: "http://h", accountSid: "AC1", authToken: "x", statusCallbackUrl: "http://us" },
});
const route = parseRoute({ id: "all", strategy: "priority", providers: [{ id: "web" }] });
if (!provider.ok || !route.ok) throw new Error("catalog");
const options = {
  partitions: 6,
  encode: () => Buffer.alloc(0),
  newMessageId,
  keys: { find: () => undefined },
  routes: () => compileRoutes([route.value], [provider.value]),
};
const problemsOf = (intake: Intake, from: string | undefined) => {
  const prepared = intake.prepare({ message: { to: "+491700000012", text: "hi", from } }, ACME, {
    wall: 0,
    monotonic: 0,
  });
  return prepared.status !== "rejected" ? [] : prepared.problems.map(({ field, code }) => `${field}: ${code}`);
};

it("a sender that no provider of the route carries is refused when it comes, and others are not", () => {
  const intake = new Intake(options);
  for (const from of ["1&1", "ΩMEGA", "Müller", "ACME!"])
    expect([from, problemsOf(intake, from)]).toEqual([from, ["from: sender-invalid"]]);
  for (const from of [undefined, "ACME", "A & B", "491700000012", "+491700000012", "12345"])
    expect([from, problemsOf(intake, from)]).toEqual([from, []]);
});

it("without the routes only what no provider at all carries is refused", () => {
  const intake = new Intake({ ...options, routes: () => undefined });
  expect(problemsOf(intake, "1&1")).toEqual([]);
  expect(problemsOf(intake, "ΩMEGA")).toEqual(["from: sender-invalid"]);
});

it("the account's own sender counts where a message names none, and the problem says whose it is", () => {
  const intake = new Intake(options);
  const prepared = (account: typeof ACME, from?: string) =>
    intake.prepare({ message: { to: "+491700000012", text: "hi", from } }, account, { wall: 0, monotonic: 0 });
  expect(prepared({ ...ACME, from: "ACME" }).status).toBe("prepared");
  expect(prepared({ ...ACME, from: "1&1" }, "ACME").status).toBe("prepared");
  expect(prepared({ ...ACME, from: "1&1" })).toMatchObject({
    problems: [{ field: "from", message: expect.stringMatching(/carries this sender.*the account's own, 1&1$/) }],
  });
});

it("a sender that the destination's rule does not allow is refused when it comes, and one that is replaced is not", () => {
  const place = { ignoreCase: false, replaceByAccount: {} };
  const rules: SenderPlace[] = [
    { ...place, id: "germany", countries: ["DE"], registered: [{ sender: "SHOP", providers: undefined }] },
    { ...place, id: "france", countries: ["FR"], allowed: ["short-code"], replaceBy: ["12345"] },
    { ...place, id: "italy", countries: ["IT"], registered: [{ sender: "SHOP", providers: ["other"] }] },
  ];
  const table = compileRoutes([route.value], [provider.value], { senders: rules });
  const intake = new Intake({ ...options, routes: () => table });
  const said = (to: string, from: string) => {
    const prepared = intake.prepare({ message: { to, text: "hi", from } }, ACME, { wall: 0, monotonic: 0 });
    return prepared.status !== "rejected" ? [] : prepared.problems;
  };
  expect(said("+491700000012", "SHOP")).toEqual([]);
  expect(said("+491700000012", "ACME")).toEqual([
    {
      field: "from",
      code: "sender-not-allowed",
      message: "this sender is not registered in DE (sender rule germany)",
    },
  ]);
  expect(said("+491700000012", "shop")[0]?.message).toMatch(/registered in other capitals, which count$/);
  expect(said("+33612345678", "ACME")).toEqual([]);
  expect(said("+393123456789", "SHOP")).toEqual([
    {
      field: "from",
      code: "sender-not-allowed",
      message: "no provider for this destination has this sender registered in IT (sender rule italy)",
    },
  ]);
});
