#!/usr/bin/env bash
# Five readers of SMS-DELIVER (3GPP TS 23.040) as modems and centres hand it over: Go github.com/warthog618/sms v0.3.0, npm
# node-pdu 2.1.1, PyPI python-gsmmodem-new 0.13.0, python-messaging 0.5.13 and smspdudecoder 2.2.0. The text "2 new voicemails" under
# each data coding scheme of the message waiting groups (TS 23.038, section 4: C0, C8 discard and D0, D8 store, both GSM 7-bit;
# E0, E8 store, UCS-2; bit 3 says only whether the indicator is on), beside 00 and 08; then senders of six to eight letters, and time
# stamps in zones of half hours.
#
# Expected: the alphabet by the group in all; perhaps one that takes C8 for 8-bit data; an "@" behind a name of seven letters (whose
# 49 bits leave room for one) in one or two.
# Seen: only warthog618/sms reads all. messaging, smspdudecoder and, from D0 on, node-pdu take bit 3 for the alphabet, as it is in the
# general group: with the indicator on, D8 is UCS-2 for them (smspdudecoder raises UnicodeDecodeError), with it off, E0 is GSM.
# python-gsmmodem-new takes E0 and E8 for GSM. So a notice of the same centre is legible while the voicemail stands and not when it is
# taken back, or the reverse. The "@" comes in messaging and smspdudecoder. Beyond that, node-pdu writes the zone of India as
# +5.5:00, which Date.parse refuses, while -05:00 is right. (bitstring is pinned, as smspdudecoder cannot be imported with 5.0.0.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > make.py <<'PY'
import json

TEXT = "2 new voicemails"

def packed(text):
    bits = sum(ord(letter) << (7 * place) for place, letter in enumerate(text))
    return bits.to_bytes((7 * len(text) + 7) // 8, "little")

def swapped(digits):
    return bytes.fromhex("".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2)))

NUMBER = b"\x0c\x91" + swapped("491713920012")

def deliver(sender=NUMBER, scheme=0, zone=0, wide=False):
    data = TEXT.encode("utf-16-be") if wide else packed(TEXT)
    length = len(data) if wide else len(TEXT)
    time = swapped("261201100000") + bytes([zone])
    return (b"\x00\x04" + sender + bytes([0, scheme]) + time + bytes([length]) + data).hex().upper()

cases = {f"{scheme:02X}": deliver(scheme=scheme, wide=scheme in (0x08, 0xE0, 0xE8))
         for scheme in (0x00, 0x08, 0xC0, 0xC8, 0xD0, 0xD8, 0xE0, 0xE8)}
for name in ("ABCDEF", "ABCDEFG", "ABCDEFGH"):
    cases[name] = deliver(bytes([(7 * len(name) + 3) // 4, 0xD0]) + packed(name))
cases["+05:30"] = deliver(zone=0x22)
cases["-05:00"] = deliver(zone=0x0A)
json.dump(cases, open("cases.json", "w"))
PY
cat > read.py <<'PY'
import contextlib, io, json, sys
from gsmmodem.pdu import decodeSmsPdu
from messaging.sms import SmsDeliver
from smspdudecoder.easy import read_incoming_sms

def gsmmodem(pdu):
    sms = decodeSmsPdu(pdu)
    return sms["number"], sms["text"], sms["time"].isoformat()

def messaging(pdu):
    sms = SmsDeliver(pdu)
    return sms.number, sms.text, f"{sms.date.isoformat()} in UTC"

def smspdudecoder(pdu):
    sms = read_incoming_sms(pdu)
    return sms["sender"], sms["content"], sms["date"].isoformat()

for reader in (gsmmodem, messaging, smspdudecoder):
    for case, pdu in json.load(open("cases.json")).items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                sender, text, time = reader(pdu)
        except UnicodeDecodeError as error:
            sender, text, time = "", type(error).__name__, ""
        print(json.dumps([reader.__name__, case, sender, text, time]))
PY
cat > read.cjs <<'JS'
const { parse } = require("node-pdu");
for (const [name, pdu] of Object.entries(require("./cases.json"))) {
  const sms = parse(pdu);
  console.log(JSON.stringify(["node-pdu", name, sms.address.phone, sms.data.getText(), sms.serviceCenterTimeStamp.getIsoString()]));
}
JS
cat > main.go <<'GO'
package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"time"

	"github.com/warthog618/sms"
	"github.com/warthog618/sms/encoding/tpdu"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	text, err := os.ReadFile("cases.json")
	check(err)
	var cases map[string]string
	check(json.Unmarshal(text, &cases))
	for name, pdu := range cases {
		octets, err := hex.DecodeString(pdu[2:])
		check(err)
		read, err := sms.Unmarshal(octets)
		check(err)
		content, err := sms.Decode([]*tpdu.TPDU{read})
		check(err)
		check(json.NewEncoder(os.Stdout).Encode([]string{
			"warthog618", name, read.OA.Number(), string(content), read.SCTS.Format(time.RFC3339),
		}))
	}
}
GO
cat > table.py <<'PY'
import json, sys
read = {}
for line in sys.stdin:
    reader, case, sender, text, time = json.loads(line)
    read.setdefault(case, {})[reader] = (sender, text, time)
readers = ("warthog618", "node-pdu", "gsmmodem", "messaging", "smspdudecoder")
for case in json.load(open("cases.json")):
    row = [read[case][reader] for reader in readers]
    if len(case) == 2:
        cells = [{"2 new voicemails": "read", "UnicodeDecodeError": "raised"}.get(text, "garbled") for _, text, _ in row]
    else:
        cells = [time if ":" in case else sender for sender, _, time in row]
    print(case, *cells, sep=", ")
PY

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check \
  python-gsmmodem-new==0.13.0 python-messaging==0.5.13 smspdudecoder==2.2.0 bitstring==4.4.0
npm install --no-audit --no-fund --silent --prefix "$folder" node-pdu@2.1.1
printf 'module findings\n\ngo 1.23\n' > go.mod
export GOFLAGS=-mod=mod
{ go get github.com/warthog618/sms@v0.3.0 && go build -o read .; } > go.log 2>&1 || { cat go.log; exit 1; }

python3 make.py
{ ./read; node read.cjs; venv/bin/python read.py; } > read.jsonl
python3 table.py < read.jsonl > seen
cat seen
node -e 'console.log(["+5.5:00", "-05:00"].map((zone) => Number.isNaN(Date.parse(`2026-12-01T10:00:00${zone}`))).join(", "))' >> seen
diff seen - <<'SEEN'
00, read, read, read, read, read
08, read, read, read, read, read
C0, read, read, read, read, read
C8, read, read, read, garbled, raised
D0, read, read, read, read, read
D8, read, garbled, read, garbled, raised
E0, read, garbled, garbled, garbled, garbled
E8, read, read, garbled, read, read
ABCDEF, ABCDEF, ABCDEF, ABCDEF, ABCDEF, ABCDEF
ABCDEFG, ABCDEFG, ABCDEFG, ABCDEFG, ABCDEFG@, ABCDEFG@
ABCDEFGH, ABCDEFGH, ABCDEFGH, ABCDEFGH, ABCDEFGH, ABCDEFGH
+05:30, 2026-12-01T10:00:00+05:30, 2026-12-01T10:00:00+5.5:00, 2026-12-01T10:00:00+05:30, 2026-12-01T04:30:00 in UTC, 2026-12-01T04:30:00+00:00
-05:00, 2026-12-01T10:00:00-05:00, 2026-12-01T10:00:00-05:00, 2026-12-01T10:00:00-05:00, 2026-12-01T15:00:00 in UTC, 2026-12-01T15:00:00+00:00
true, false
SEEN
