import { type PhoneNumbersRelease, readPhoneNumbers } from "../libphonenumber.ts";

/** The release whose carrier data is taken. */
export const CARRIER_SOURCE = {
  package: "phonenumbers",
  version: "9.0.43",
  sha256: "349bc799f15e010e35bd2c7d28149950ae74479cb1e11fb054ed9a95ecb4b437",
  taken: "2026-11-29",
} as const satisfies PhoneNumbersRelease;

const PRINT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from phonenumbers.carrierdata import CARRIER_DATA
json.dump({prefix: names.get("en", "") for prefix, names in CARRIER_DATA.items()}, sys.stdout)
`;

/**
 * Carriers by number prefix (digits with the country code), as libphonenumber has them: Google's data, which the Python package
 * carries unchanged.
 */
export function readCarrierRanges(): Map<string, string> {
  return readPhoneNumbers(CARRIER_SOURCE, PRINT);
}
