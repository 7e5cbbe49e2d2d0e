import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { type HttpProvider, providerSchema } from "../../../domain/catalog/provider.ts";
import type { Dispatch } from "../../../schemas/generated/types.ts";
import { HttpLink, type HttpUnit } from "../../../services/sender/http-link.ts";
import { Submission } from "../../../services/sender/submission.ts";
import type { UnitResult } from "../../../services/sender/unit-result.ts";
import { dispatchOf } from "./dispatches.ts";

function providerOf(http: object): HttpProvider {
  return providerSchema.parse({
    id: "http",
    kind: "http-twilio",
    currency: "EUR",
    rate: 10,
    window: 10,
    prices: [{ price: "0.1" }],
    http: {
      baseUrl: "http://127.0.0.1:1",
      accountSid: "AC1",
      authToken: "t",
      statusCallbackUrl: "http://127.0.0.1:1/cb",
      timeoutMs: 5_000,
      ...http,
    },
  }) as HttpProvider;
}

function unitsOf(link: HttpLink, dispatch: Dispatch): HttpUnit[] {
  const units = link.prepare(dispatch, 1_000_000);
  if (typeof units === "string") throw new Error(units);
  return units;
}

/** The form that a message is posted as. */
function formOf(http: object, from: string | null): URLSearchParams | string {
  const dispatch = dispatchOf();
  const units = new HttpLink(providerOf(http)).prepare({ ...dispatch, facts: { ...dispatch.facts, from } }, 1_000_000);
  return typeof units === "string" ? units : new URLSearchParams(units[0]!.body);
}

test.each([
  ["491700000099", {}, { From: "+491700000099" }],
  ["+491700000099", {}, { From: "+491700000099" }],
  ["123456789", {}, { From: "+123456789" }],
  ["+12345678", {}, { From: "+12345678" }],
  ["68849", {}, { From: "68849" }],
  ["12345678", {}, { From: "12345678" }],
  ["ACME", {}, { From: "ACME" }],
  ["ACME", { from: "Other" }, { From: "ACME" }],
  ["ACME", { messagingServiceSid: "MG1" }, { From: "ACME" }],
  [null, { from: "4915700000001" }, { From: "+4915700000001" }],
  [null, { from: "ACME" }, { From: "ACME" }],
  [null, { messagingServiceSid: "MG1" }, { MessagingServiceSid: "MG1" }],
])("a message from %s with %j is sent with %j", (from, http, sender) => {
  const form = formOf(http, from) as URLSearchParams;
  const sent = [...form].filter(([name]) => name === "From" || name === "MessagingServiceSid");
  expect(Object.fromEntries(sent)).toEqual(sender);
});

test("a message that nobody gives a sender goes back without a request that would only be refused", () => {
  expect(formOf({}, null)).toBe("sender-missing");
});

test.each([
  ["http://a/cb", "http://a/cb?m=ID&d=TO"],
  ["http://a/cb?x=1", "http://a/cb?x=1&m=ID&d=TO"],
  ["http://a/cb?", "http://a/cb?m=ID&d=TO"],
  ["http://a/cb#rc=2&rp=all", "http://a/cb?m=ID&d=TO#rc=2&rp=all"],
  ["http://a/cb?x=1#rc=2", "http://a/cb?x=1&m=ID&d=TO#rc=2"],
])("statuses to %s are asked for at %s", (statusCallbackUrl, expected) => {
  const { messageId, to } = dispatchOf().facts;
  const form = formOf({ statusCallbackUrl }, "ACME") as URLSearchParams;
  expect(form.get("StatusCallback")).toBe(expected.replace("ID", messageId).replace("TO", to));
});

test("a request that waited for its connection, and must not be written any more, does not leave", async () => {
  let arrived = 0;
  const server = createServer((_, response) => {
    arrived++;
    response.writeHead(201, { "content-type": "application/json" }).end('{"sid":"SM1"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = new HttpLink(providerOf({ baseUrl }));
  const leaving: number[] = [];
  let mayLeave = false;
  let settle: (result: UnitResult) => void = () => {};
  link.start({
    onUp: () => {},
    onDown: () => {},
    onRoom: () => {},
    onLeaving: (segments) => {
      leaving.push(segments);
      return mayLeave;
    },
    onResult: (_submission, _unit, result) => settle(result),
  });
  const send = () =>
    new Promise<UnitResult>((resolve) => {
      settle = resolve;
      expect(link.send(new Submission<HttpUnit>(unitsOf(link, dispatchOf())), 0)).toBe("sent");
    });
  expect(await send()).toEqual({ outcome: "unsent", code: "withdrawn", stayed: true });
  expect([arrived, link.inFlight]).toEqual([0, 0]);
  mayLeave = true;
  expect(await send()).toMatchObject({ outcome: "accepted", id: "SM1" });
  expect(leaving).toEqual([1, 1]);
  await link.stop(1_000);
  server.close();
});
