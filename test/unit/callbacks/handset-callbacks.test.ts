import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { callbacksSchema } from "../../../domain/catalog/callbacks.ts";
import { accountSid } from "../../../domain/message/twilio-sids.ts";
import { inboundData } from "../../../pipeline/records/inbound-data.ts";
import type { Callback, Received } from "../../../schemas/generated/types.ts";
import { callbackRequest } from "../../../services/callbacks/callback-request.ts";
import { INBOUND_LANE, toldConsent, toldMessage } from "../../../services/dlr-collector/inbound/inbound-callbacks.ts";
import { NOW } from "../router/router-world.ts";
import { CallbackWorld, FAILED, messageId, TAKEN } from "./callback-world.ts";

const RECEIVED: Received = {
  ...{ id: messageId(7), accountId: "acme", provider: "a", from: "4915112345678", to: "12345", text: "Yes 👍" },
  ...{ binary: null, receivedAt: NOW - 10, segments: 2, missing: 0, media: ["https://m.example/1"], optOut: "STOP" },
};
const URL_TEXT = "https://app.example/in";

function request(settings: object, told: { type: string; name: string; data: object; at: number }) {
  const { type, name, data, at } = told;
  const of = { accountId: "acme", messageId: name, lane: INBOUND_LANE, url: URL_TEXT, since: NOW, attempts: 0 };
  const callback: Callback = { id: "msg_1", type, at, data: JSON.stringify(data), failure: null, ...of };
  return callbackRequest(callback, callbacksSchema.parse(settings), NOW);
}
const consent = toldConsent({
  ...{ accountId: "acme", from: RECEIVED.from, to: RECEIVED.to, optedOut: true, name: messageId(8), at: NOW - 10 },
});

it("the standard form has the whole message, signed as statuses are", () => {
  const { body, headers } = request({ secrets: ["s"] }, toldMessage(RECEIVED))!;
  expect(JSON.parse(body)).toEqual({
    ...{ type: "message.received", timestamp: new Date(NOW - 10).toISOString() },
    data: inboundData(RECEIVED),
  });
  expect(headers).toMatchObject({ "webhook-id": "msg_1", "webhook-signature": expect.stringMatching(/^v1,/) });
  expect(JSON.parse(request({ unsigned: true }, consent)!.body)).toMatchObject({
    type: "recipient.opted_out",
    data: { account: "acme", number: "+4915112345678", to: "12345", optedOut: true },
  });
});

it("the form of Twilio is that of a number's webhook, and says there what is said of consent", () => {
  const { body, headers } = request({ form: "twilio", secrets: ["token"] }, toldMessage(RECEIVED))!;
  const form = Object.fromEntries(new URLSearchParams(body));
  const sid = "SM018f0000000070008000000000000007";
  expect(form).toEqual({
    ...{ AccountSid: accountSid("acme"), ApiVersion: "2010-04-01", From: "+4915112345678", To: "12345" },
    ...{ MessageSid: sid, SmsMessageSid: sid, SmsSid: sid, SmsStatus: "received", Body: "Yes 👍", NumSegments: "2" },
    ...{ NumMedia: "1", MediaUrl0: "https://m.example/1", OptOutType: "STOP" },
  });
  const signed = Object.entries(form)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .reduce((text, [name, value]) => text + name + value, URL_TEXT);
  expect(headers["x-twilio-signature"]).toBe(createHmac("sha1", "token").update(signed).digest("base64"));
  expect(request({ form: "twilio", secrets: ["token"] }, consent)).toBeUndefined();
});

it("what another service has written is told, in order for each handset, and is gone then", async () => {
  const world = new CallbackWorld();
  world.takeOver();
  world.received(1, "a.example");
  world.received(2, "a.example");
  world.received(3, "a.example", "4915100000000");
  const answers = [FAILED, TAKEN];
  world.answer = ({ message }) => (message === 1 ? answers.shift()! : TAKEN);
  await world.until(() => world.told().length === 3, 250);
  // The second waits for the first, which was not taken at once; another handset's does not.
  expect(world.told("a.example").map((one) => one.split(" ")[0])).toEqual(["3", "1", "2"]);
  await world.until(() => world.waiting.length === 0, 250);
});

it("what was under way when its owner was killed is told by the next one, under its old id", async () => {
  const world = new CallbackWorld();
  const ids: string[] = [];
  world.answer = ({ headers }) => {
    ids.push(headers["webhook-id"]!);
    return ids.length === 1 ? new Promise(() => {}) : TAKEN;
  };
  world.takeOver();
  world.received(1, "a.example");
  await world.until(() => ids.length === 1, 250);
  world.takeOver();
  await world.until(() => world.told().length === 1, 250);
  expect(new Set(ids).size).toBe(1);
});

it("one that is never taken becomes a dead letter after a day, and lets the next one go", async () => {
  const world = new CallbackWorld();
  world.takeOver();
  world.answer = ({ message }) => (message === 1 ? FAILED : TAKEN);
  world.received(1, "a.example");
  world.received(2, "a.example");
  await world.until(() => world.told().length === 1, 600_000);
  expect(world.letters).toMatchObject([{ reason: "callback-expired", messageId: messageId(1) }]);
});
