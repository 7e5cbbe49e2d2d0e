/**
 * How numbers were written before a change of their country's plan, and how they are written now. Each rule is applied
 * only to digits that are no valid number as they stand, and only its valid results count, so a rule cannot redirect
 * a number that is in use.
 */
const CHANGES: ReadonlyMap<string, readonly (readonly [RegExp, string])[]> = new Map([
  // Mexico, 3 August 2019 (IFT): no 1 for mobiles from abroad, no 01, 044 and 045 within the country.
  ["52", [[/^(?:1|01|04[45])(?<n>\d{10})$/, "$<n>"]]],
  // Brazil, 2012 to 2016 (Anatel 553/2010): a 9 before mobile numbers.
  ["55", [[/^(?<area>[1-9]\d)(?<n>[6-9]\d{7})$/, "$<area>9$<n>"]]],
  // Ivory Coast, 31 January 2021 (ARTCI): ten digits; the second of the old eight tells the operator.
  [
    "225",
    [
      [/^(?<n>(?:[04-9][1-3]|[457]0)\d{6})$/, "01$<n>"],
      [/^(?<n>[04-9][4-6]\d{6})$/, "05$<n>"],
      [/^(?<n>[04-9][7-9]\d{6})$/, "07$<n>"],
    ],
  ],
  // Benin, 30 November 2024 (ARCEP Bénin): 01 before all numbers.
  ["229", [[/^(?<n>\d{8})$/, "01$<n>"]]],
  // Cameroon, 21 November 2014 (ART): a 6 before mobile numbers.
  ["237", [[/^(?<n>[5-9]\d{7})$/, "6$<n>"]]],
  // Vietnam, 15 September 2018: eleven-digit mobile numbers became ten-digit ones.
  [
    "84",
    [
      [/^16(?<n>[2-9]\d{7})$/, "3$<n>"],
      [/^120(?<n>\d{7})$/, "70$<n>"],
      [/^121(?<n>\d{7})$/, "79$<n>"],
      [/^122(?<n>\d{7})$/, "77$<n>"],
      [/^12(?<n>[68]\d{7})$/, "7$<n>"],
      [/^12(?<n>[345]\d{7})$/, "8$<n>"],
      [/^127(?<n>\d{7})$/, "81$<n>"],
      [/^129(?<n>\d{7})$/, "82$<n>"],
      [/^18(?<n>[68]\d{7})$/, "5$<n>"],
      [/^199(?<n>\d{7})$/, "59$<n>"],
    ],
  ],
]);

/** Numbers of one country that are written under the code of another by custom, since they are dialled there without any. */
const UNDER_ANOTHER_CODE: readonly (readonly [RegExp, string])[] = [
  // Guadeloupe; Réunion and Mayotte; French Guiana; Martinique (Arcep's numbering plan, 06 and 07 of the overseas parts).
  [/^33(?<n>69[01]\d{6})$/, "590$<n>"],
  [/^33(?<n>(?:69[23]|639)\d{6})$/, "262$<n>"],
  [/^33(?<n>694\d{6})$/, "594$<n>"],
  [/^33(?<n>69[67]\d{6})$/, "596$<n>"],
  // Palestine's mobiles are reached under Israel's code, too.
  [/^972(?<n>5[69]\d{7})$/, "970$<n>"],
];

/** Two spellings of one handset that are both valid, so that the plan does not tell the right one; each rule has its way back. */
const TWINS: readonly (readonly [RegExp, string])[] = [
  // Argentina: the 9 of mobiles, which is dialled from abroad only; networks answer with and without it.
  [/^549(?<n>[1-3]\d{9})$/, "54$<n>"],
  [/^54(?<n>[1-3]\d{9})$/, "549$<n>"],
  // Kosovo, 2017: +383 in place of Monaco's and Slovenia's codes.
  [/^383(?<n>4[45]\d{6})$/, "377$<n>"],
  [/^377(?<n>4[45]\d{6})$/, "383$<n>"],
  [/^383(?<n>4[39]\d{6})$/, "386$<n>"],
  [/^386(?<n>4[39]\d{6})$/, "383$<n>"],
  // Gabon, 29 June 2019: 077 for 07, 074 for 04, 062, 065 and 066 for 02, 05 and 06; the 0 is not part of the new number.
  [/^2410(?<n>[47]\d{6})$/, "2417$<n>"],
  [/^2417(?<n>[47]\d{6})$/, "2410$<n>"],
  [/^2410(?<n>[256]\d{6})$/, "2416$<n>"],
  [/^2416(?<n>[256]\d{6})$/, "2410$<n>"],
];

/** The first digits of all that have a twin: what most numbers are asked, and say no to. */
const MAY_HAVE_TWIN = /^(?:54|38[36]|377|241)/;

/** What the digits of an international number, not valid as they stand, may mean in today's plan; undefined for nothing. */
export function currentForm(digits: string): string | undefined {
  for (const [old, current] of UNDER_ANOTHER_CODE) if (old.test(digits)) return digits.replace(old, current);
  for (let length = 2; length <= 3; length++) {
    const code = digits.slice(0, length);
    const national = digits.slice(length);
    for (const [old, current] of CHANGES.get(code) ?? []) {
      if (old.test(national)) return code + national.replace(old, current);
    }
  }
  return undefined;
}

/** The other spelling under which the same handset may be known, if the plan has two; it may be no valid number. */
export function twinOf(e164: string): string | undefined {
  if (!MAY_HAVE_TWIN.test(e164)) return undefined;
  for (const [one, other] of TWINS) if (one.test(e164)) return e164.replace(one, other);
  return undefined;
}
