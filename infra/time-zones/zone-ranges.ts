import { type PhoneNumbersRelease, readPhoneNumbers } from "../libphonenumber.ts";

/** The release whose data is taken. */
export const ZONE_SOURCE = {
  package: "phonenumbers",
  version: "9.0.43",
  sha256: "349bc799f15e010e35bd2c7d28149950ae74479cb1e11fb054ed9a95ecb4b437",
  taken: "2026-12-01",
} as const satisfies PhoneNumbersRelease;

const PRINT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from phonenumbers.tzdata import TIMEZONE_DATA
json.dump({prefix: list(zones) for prefix, zones in TIMEZONE_DATA.items()}, sys.stdout)
`;

/**
 * Time zones by number prefix (digits with the country code), as libphonenumber has them: Google's data, which the Python package carries
 * unchanged, all zones of a prefix.
 */
export function readZoneRanges(): Map<string, string[]> {
  return readPhoneNumbers(ZONE_SOURCE, PRINT);
}
