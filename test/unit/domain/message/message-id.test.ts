import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMessageId, messageIdFromKey, messageIdTime, newMessageId } from "../../../../domain/message/message-id.ts";

describe("newMessageId", () => {
  it("is a UUIDv7 of its time, and never the same twice", () => {
    const ids = new Set(Array.from({ length: 5_000 }, () => newMessageId(1_700_000_000_123)));
    expect(ids.size).toBe(5_000);
    for (const id of ids) {
      expect(isMessageId(id)).toBe(true);
      expect(id[14]).toBe("7");
      expect(messageIdTime(id)).toBe(1_700_000_000_123);
    }
  });

  it("uses every free bit", () => {
    const ids = Array.from({ length: 2_000 }, () => newMessageId(0).replaceAll("-", ""));
    for (let at = 13; at < 32; at++) {
      expect([at, new Set(ids.map((id) => id[at])).size]).toEqual([at, at === 16 ? 4 : 16]);
    }
  });

  it("sorts by time", () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a < b);
        expect(newMessageId(a) < newMessageId(b)).toBe(true);
      }),
    );
  });
});

describe("messageIdFromKey", () => {
  it("is the same UUIDv8 for the same account and key, and another for any other", () => {
    expect(messageIdFromKey("acme", "order-1")).toBe(messageIdFromKey("acme", "order-1"));
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (account, key, otherAccount, otherKey) => {
        const id = messageIdFromKey(account, key);
        expect(isMessageId(id)).toBe(true);
        expect(id[14]).toBe("8");
        expect(messageIdTime(id)).toBeUndefined();
        const same = account === otherAccount && key === otherKey;
        expect(messageIdFromKey(otherAccount, otherKey) === id).toBe(same);
      }),
    );
    expect(messageIdFromKey("a", "b:c")).not.toBe(messageIdFromKey("a:b", "c"));
  });

  it("never changes between releases: a request repeated after an upgrade is still the same message", () => {
    expect(messageIdFromKey("acme", "k1")).toBe("8cd0eed7-664c-83a1-ae76-e27f428589d1");
  });
});

it("isMessageId takes any version of UUID, and refuses other forms", () => {
  const id = "018cd0ee-7d66-7c83-a1ae-76e27f428589";
  for (const own of [id, id.replace("-7c", "-4c")]) expect([own, isMessageId(own)]).toEqual([own, true]);
  const others = [
    "",
    "x",
    id.toUpperCase(),
    id.replaceAll("-", ""),
    `${id}0`,
    ` ${id}`,
    id.replace("-7c", "-0c"),
    id.replace("-7c", "-9c"),
    id.replace("-a", "-c"),
  ];
  for (const other of others) expect([other, isMessageId(other)]).toEqual([other, false]);
});
