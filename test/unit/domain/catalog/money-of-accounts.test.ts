import { expect, it } from "vitest";
import { parseCatalog } from "../../../../domain/catalog/catalog.ts";
import { examplePlain } from "./example.ts";

/** What is wrong with an account that has this. */
function problems(more: object): string[] {
  const plain = examplePlain();
  Object.assign(plain.accounts[0]!, more);
  const parsed = parseCatalog(plain, 6);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

it.each([
  [{ budget: { currency: "EUR", daily: "5", monthly: "50" } }, []],
  [{ budget: { currency: "EUR" } }, [/budget: bounds nothing: daily, or monthly, or both/]],
  [{ budget: { currency: "EUR", daily: "5", monthly: "4" } }, [/budget\.daily: more than monthly/]],
  [{ budget: { currency: "EUR", daily: "5", zone: "Mars" } }, [/budget\.zone: a time zone/]],
  [
    { budget: { currency: "CHF", daily: "5" } },
    [/budget\.currency: is in CHF and provider ".+" has prices in .*: they cannot be compared/],
  ],
  [{ budget: { currency: "EUR", daily: "1,50" } }, [/budget\.daily: "1,50": with a point, "1\.50"/]],
  [
    { budget: { currency: "EUR", daily: "5 EUR" } },
    [/budget\.daily: "5 EUR": the amount alone.*currency says of what/],
  ],
  [{ budget: { currency: "EUR", daily: "€5" } }, [/the amount alone/]],
  [{ budget: { currency: "EUR", daily: "-5" } }, [/budget\.daily: "-5" is below 0/]],
  [{ budget: { currency: "EUR", daily: " 5" } }, [/without blanks/]],
  [{ budget: { currency: "EUR", daily: "1.234.567" } }, [/"1\.234\.567" is no amount: digits and a point/]],
  [{ budget: { currency: "EUR", daily: "99999999999" } }, [/9007199254 at the most/]],
  [{ maxPrice: { currency: "EUR", amount: "0.12345678" } }, [/maxPrice\.amount: .*six decimals at the most/]],
  [{ sells: { currency: "EUR", prices: [{ price: "" }] } }, [/sells\.prices\[0\]\.price: "" is no amount/]],
  [{ sells: { currency: "EUR", prices: [{ price: "1" }, { country: "DE", price: "2" }] } }, []],
  [
    { sells: { currency: "EUR", prices: [{ price: "1" }, { price: "2" }] } },
    [/sells\.prices\[1\]: a second price for everywhere else/],
  ],
  [{ sells: { currency: "CHF", prices: [{ price: "1" }] } }, [/sells\.currency: is in CHF/]],
  [{ guard: { mode: "filter", countries: { DE: { perMinute: 5 } }, allow: ["4915"] } }, []],
  [{ guard: { mode: "filter", countries: { XX: {} } } }, [/guard\.countries\.XX/]],
  [{ guard: { allow: ["+49"] } }, [/guard\.allow\[0\]: .* without the plus/]],
])("%j", (more, expected) => {
  const found = problems(more);
  expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
});
