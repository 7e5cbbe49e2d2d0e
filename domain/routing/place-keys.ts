/** Countries and networks as numbers, to be looked up by: no country's key is a network's. NaN is the key of nothing. */

/** Keys of countries are below this, those of networks above. */
export const COUNTRY_KEYS = 2 ** 16;

/** Mobile country and network code, five or six digits: 338-05 and 338-050 are different networks. NaN for other texts. */
export function networkKey(mccMnc: string): number {
  const { length } = mccMnc;
  if (length !== 5 && length !== 6) return Number.NaN;
  let key = 1;
  for (let i = 0; i < length; i++) {
    const digit = mccMnc.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    key = key * 10 + digit;
  }
  return key;
}

/** ISO 3166-1 alpha-2. NaN for what is not two letters. */
export function countryKey(country: string): number {
  const key = country.length === 2 ? country.charCodeAt(0) * 256 + country.charCodeAt(1) : Number.NaN;
  return key < COUNTRY_KEYS ? key : Number.NaN;
}
