import { expect, it } from "vitest";
import { providerIdKeys } from "../../../pipeline/read-model/find-messages.ts";

it.each([
  ["33E95179", ["33e95179", "870928761"]],
  ["0033E95179", ["33e95179", "870928761"]],
  // Digits may be either.
  ["870928761", ["870928761", "36248389473", "33e95179"]],
  ["00ff", ["ff", "255"]],
  ["0", ["0"]],
  ["18446744073709551615", ["18446744073709551615", "ffffffffffffffff"]],
  ["18446744073709551616", ["18446744073709551616"]],
  [" SM0001 ", ["sm0001"]],
])("%j may stand as %j", (id, keys) => {
  expect(providerIdKeys(id)).toEqual(keys);
});
