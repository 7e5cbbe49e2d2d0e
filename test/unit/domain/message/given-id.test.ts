import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isMessageId,
  messageIdFromKey,
  messageIdOfRequest,
  readGivenId,
} from "../../../../domain/message/message-id.ts";
import { timesLonger } from "../../times-longer.ts";

const UUID = "018cd0ee-7d66-7c83-a1ae-76e27f428589";
const NIL = "00000000-0000-0000-0000-000000000000";

describe("the id that a request over Kafka gives", () => {
  it.each([null, "", " ", "\t\r\n", "\u00a0", "\0", "\0\0\0\0", "\ufeff", NIL, `{${NIL}}`, NIL.replaceAll("0", "F")])(
    "is none for %j",
    (given) => expect(readGivenId(given)).toBeUndefined(),
  );

  it.each([
    UUID,
    UUID.toUpperCase(),
    ` ${UUID}\n`,
    `${UUID}\0\0\0\0`,
    `{${UUID}}`,
    `urn:uuid:${UUID}`,
    `URN:UUID:${UUID.toUpperCase()}`,
  ])("is the UUID for %j", (given) => expect(readGivenId(given)).toEqual({ uuid: UUID }));

  it.each(["order-1", "null", "undefined", "0", UUID.replaceAll("-", ""), `${UUID}0`, UUID.replace("-7c", "-0c"), "Ä"])(
    "is a key for %j",
    (given) => expect(readGivenId(given)).toEqual({ key: given }),
  );
});

it("is read in a time that grows with its length, also with blanks within", () => {
  expect(timesLonger(readGivenId, (length) => `a${" ".repeat(length)}b`, 16_000)).toBeLessThan(8);
});

describe("the message id of a request", () => {
  const of = (messageId: string | null, destination = "491700000012", place = "t/0/1") =>
    messageIdOfRequest({ accountId: "acme", messageId, destination, place });

  it("is another one for every place where none is given", () => {
    for (const none of [null, "", " ", "\0", NIL]) {
      expect(of(none, "491700000012", "t/0/1")).toBe(messageIdFromKey("acme", "t/0/1"));
      expect(of(none, "491700000012", "t/0/2")).toBe(messageIdFromKey("acme", "t/0/2"));
    }
  });

  it("is the given UUID wherever it goes", () => expect(of(UUID.toUpperCase(), "1", "x")).toBe(UUID));

  it("is for another text what HTTP makes of the same key and destination", () => {
    expect(of("order-1")).toBe(messageIdFromKey("acme", "order-1\n491700000012"));
    expect(of("order-1", "491700000012", "t/5/5")).toBe(of("order-1"));
    expect(of("order-1", "491700000013")).not.toBe(of("order-1"));
    // Identifiers in Base64 and the like differ by case alone.
    expect(of("aGVs")).not.toBe(of("AGVS"));
  });

  it("never gives one id to two requests that name different messages", () => {
    const given = fc.oneof(fc.string(), fc.uuid(), fc.constantFrom(null, "", " ", NIL));
    fc.assert(
      fc.property(given, given, fc.nat(9), fc.nat(9), (a, b, atA, atB) => {
        const [readA, readB] = [readGivenId(a), readGivenId(b)];
        const same =
          readA === undefined || readB === undefined
            ? readA === readB && atA === atB
            : JSON.stringify(readA) === JSON.stringify(readB);
        const [idA, idB] = [of(a, "1", `t/0/${atA}`), of(b, "1", `t/0/${atB}`)];
        expect(isMessageId(idA)).toBe(true);
        expect(idA === idB).toBe(same);
      }),
    );
  });
});
