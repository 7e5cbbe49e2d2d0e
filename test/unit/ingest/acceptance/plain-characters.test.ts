import { expect, test } from "vitest";
import { newMessageId } from "../../../../domain/message/message-id.ts";
import type { SendRequest } from "../../../../schemas/generated/types.ts";
import { Intake } from "../../../../services/ingest/acceptance/intake.ts";

const TEXT = `${"Your parcel is on its way. ".repeat(3)}It’s here…`;

function prepare(more: object) {
  const written: SendRequest[] = [];
  const encode = (request: SendRequest) => {
    written.push(request);
    return Buffer.alloc(0);
  };
  const intake = new Intake({ partitions: 6, encode, newMessageId, keys: { find: () => undefined } });
  const message = { to: "+491713920012", ...more };
  const prepared = intake.prepare({ message }, { id: "acme" } as never, { wall: 0, monotonic: 0 });
  return { prepared, written };
}

const answer = (more: object) => {
  const { prepared } = prepare(more);
  if (prepared.status !== "prepared") throw new Error(JSON.stringify(prepared));
  return prepared.answer;
};

test("the answer names the character that makes a text UCS-2, and what plain characters would take", () => {
  expect(answer({ text: TEXT })).toMatchObject({
    encoding: "ucs2",
    segments: 2,
    ucs2: { character: "’", codePoint: "U+2019", index: 83, others: 1, segmentsTransliterated: 1 },
  });
  expect(answer({ text: "Привет" }).ucs2).toEqual({ character: "П", codePoint: "U+041F", index: 0, others: 5 });
  expect(answer({ text: "Grüße" })).not.toHaveProperty("ucs2");
});

test("with transliterate the answer says what was saved; the record keeps the text as given, and the wish", () => {
  const plain = answer({ text: TEXT, transliterate: true });
  expect(plain).toMatchObject({ encoding: "gsm7", segments: 1, segmentsSaved: 1 });
  expect(plain).not.toHaveProperty("ucs2");
  expect(prepare({ text: TEXT, transliterate: true }).written).toMatchObject([{ text: TEXT, transliterate: true }]);
  expect(prepare({ text: TEXT }).written).toMatchObject([{ text: TEXT, transliterate: false }]);
  // Where plain characters save nothing it is sent as it is, and says why it is UCS-2 all the same.
  expect(answer({ text: "It’s", transliterate: true })).toMatchObject({ encoding: "ucs2", ucs2: { others: 0 } });
});
