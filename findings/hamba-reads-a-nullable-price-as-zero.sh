#!/usr/bin/env bash
# Go github.com/hamba/avro/v2 v2.31.0, beside github.com/twmb/avro v1.9.1 and PyPI fastavro 1.13.1: a record with a required price and
# a nullable cost (null or a decimal of scale 6 in bytes), both in fields of the type *big.Rat, which hamba's table of types names.
#
# Expected: 0.058450 twice, as it was written; or an error, if the nullable one needs another type.
# Seen: hamba writes both rightly (fastavro and twmb read them), and reads the nullable one back as 0, without an error, from
# fastavro's octets and from its own. A null is nil, so that a cost which is there looks free. Right are **big.Rat, which its
# code generator writes, and any. In a field of the type big.Rat the required price is 0, too. For a nullable decimal in a fixed
# *big.Rat is an error, and *time.Time for a nullable time is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > write.py <<'PY'
import datetime, fastavro, io, json, sys
from decimal import Decimal
record = {
    "price": Decimal("0.058450"), "cost": Decimal("0.058450"), "fixed": Decimal("0.058450"),
    "at": datetime.datetime(2026, 12, 1, 7, tzinfo=datetime.timezone.utc),
}
schema = json.load(open("schema.avsc"))
if len(sys.argv) == 1:
    octets = io.BytesIO()
    fastavro.schemaless_writer(octets, schema, record)
    print(octets.getvalue().hex())
else:
    read = fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(sys.argv[1])), schema)
    print("hamba's octets, fastavro: price", read["price"], "cost", read["cost"])
PY
cat > schema.avsc <<'AVSC'
{"type": "record", "name": "event", "fields": [
  {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}},
  {"name": "cost", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}]},
  {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
  {"name": "fixed", "type": ["null", {"type": "fixed", "name": "amount", "size": 8, "logicalType": "decimal", "precision": 18, "scale": 6}]}
]}
AVSC
cat > main.go <<'GO'
package main

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"time"

	hamba "github.com/hamba/avro/v2"
	twmb "github.com/twmb/avro"
)

type pointers struct {
	Price *big.Rat   `avro:"price"`
	Cost  *big.Rat   `avro:"cost"`
	At    *time.Time `avro:"at"`
	Fixed any        `avro:"fixed"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	text, err := os.ReadFile("schema.avsc")
	check(err)
	schema := hamba.MustParse(string(text))
	octets, err := hex.DecodeString(os.Args[1])
	check(err)

	var read pointers
	check(hamba.Unmarshal(schema, octets, &read))
	fmt.Fprintln(os.Stderr, "hamba, *big.Rat: price", read.Price.FloatString(6), "cost", read.Cost.FloatString(6), "at", read.At.UTC())
	var twice struct{ Cost **big.Rat `avro:"cost"` }
	check(hamba.Unmarshal(schema, octets, &twice))
	fmt.Fprintln(os.Stderr, "hamba, **big.Rat: cost", (*twice.Cost).FloatString(6))
	var whatever struct{ Cost any `avro:"cost"` }
	check(hamba.Unmarshal(schema, octets, &whatever))
	fmt.Fprintln(os.Stderr, "hamba, any: cost", whatever.Cost.(*big.Rat).FloatString(6))
	var value struct{ Price big.Rat `avro:"price"` }
	check(hamba.Unmarshal(schema, octets, &value))
	fmt.Fprintln(os.Stderr, "hamba, big.Rat: price", value.Price.FloatString(6))
	var fixed struct{ Fixed *big.Rat `avro:"fixed"` }
	fmt.Fprintln(os.Stderr, "hamba, *big.Rat of fixed: error", hamba.Unmarshal(schema, octets, &fixed) != nil)

	price := big.NewRat(5845, 100000)
	written, err := hamba.Marshal(schema, pointers{Price: price, Cost: price})
	check(err)
	var again pointers
	check(hamba.Unmarshal(schema, written, &again))
	fmt.Fprintln(os.Stderr, "hamba's octets, hamba: price", again.Price.FloatString(6), "cost", again.Cost.FloatString(6))
	none, err := hamba.Marshal(schema, pointers{Price: price})
	check(err)
	var empty pointers
	check(hamba.Unmarshal(schema, none, &empty))
	fmt.Fprintln(os.Stderr, "hamba, null: cost is nil", empty.Cost == nil)

	other, err := twmb.Parse(string(text))
	check(err)
	var right pointers
	_, err = other.Decode(written, &right)
	check(err)
	fmt.Fprintln(os.Stderr, "hamba's octets, twmb: price", right.Price.FloatString(6), "cost", right.Cost.FloatString(6))
	fmt.Println(hex.EncodeToString(written))
}
GO
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check fastavro==1.13.1
printf 'module findings\n\ngo 1.23\n' > go.mod
export GOFLAGS=-mod=mod
{ go get github.com/hamba/avro/v2@v2.31.0 github.com/twmb/avro@v1.9.1 && go build -o read .; } > go.log 2>&1 || { cat go.log; exit 1; }

written=$(./read "$(venv/bin/python write.py)" 2> seen)
venv/bin/python write.py "$written" >> seen
cat seen
diff seen - <<'SEEN'
hamba, *big.Rat: price 0.058450 cost 0.000000 at 2026-12-01 07:00:00 +0000 UTC
hamba, **big.Rat: cost 0.058450
hamba, any: cost 0.058450
hamba, big.Rat: price 0.000000
hamba, *big.Rat of fixed: error true
hamba's octets, hamba: price 0.058450 cost 0.000000
hamba, null: cost is nil true
hamba's octets, twmb: price 0.058450 cost 0.058450
hamba's octets, fastavro: price 0.058450 cost 0.058450
SEEN
