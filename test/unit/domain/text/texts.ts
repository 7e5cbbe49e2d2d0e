import fc from "fast-check";
import { defaultCharacters, ESCAPE, extensionCharacters } from "../../../../domain/text/gsm-alphabet.ts";

const plain = defaultCharacters.filter((_, septet) => septet !== ESCAPE);
const extended = [...extensionCharacters.values()];

/** Text of the GSM alphabet, up to a few parts, with runs of extension characters. */
export const gsmText = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...plain) },
      { weight: 1, arbitrary: fc.constantFrom(...extended) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom("a", "€"), fc.nat(160)).map(([c, n]) => c.repeat(n)) },
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(""));

/** Text that needs UCS-2, up to a few parts, with pairs, joined emoji, marks and lone surrogates. */
export const ucs2Text = fc
  .array(
    fc.oneof(
      fc.constantFrom("Я", "a", "👋", "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "e\u0301", "\ud83d", "\udc4b", "你", "\u200d"),
      fc.tuple(fc.constantFrom("ж", "👋"), fc.nat(70)).map(([c, n]) => c.repeat(n)),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((pieces) => `Я${pieces.join("")}`);
