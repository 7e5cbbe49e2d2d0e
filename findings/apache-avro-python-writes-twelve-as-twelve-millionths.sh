#!/usr/bin/env bash
# PyPI avro 1.12.2 (Apache's own for Python) beside PyPI fastavro 1.13.1 and Java org.apache.avro:avro 1.12.2: a price, a decimal of
# precision 18 and scale 6 in bytes or in a fixed of 8 octets, written by each from the language's own decimal, read by fastavro.
#
# Expected: a price with fewer digits than the scale is padded with zeros, by all; one with more is refused, by all.
# Seen: fastavro and Java pad. Apache's Python writes the digits as they stand, with nobody the wiser: 12 is read as 0.000012,
# 0.05845 as 0.005845, 1E+2 as 0.000001, for bytes as for fixed. Only 0.058450, with just as many digits as the scale, is right. A
# digit too many is refused by all three. Its own reader shows the wrong price as fastavro does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>decimal-scale</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.avro</groupId><artifactId>avro</artifactId><version>1.12.2</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.18</version></dependency>
  </dependencies>
</project>
POM
cat > Write.java <<'JAVA'
import java.io.*;
import java.math.BigDecimal;
import java.nio.file.*;
import java.util.HexFormat;
import org.apache.avro.*;
import org.apache.avro.generic.GenericData;
import org.apache.avro.io.EncoderFactory;

public class Write {
  public static void main(String[] prices) throws Exception {
    var data = new GenericData();
    data.addLogicalTypeConversion(new Conversions.DecimalConversion());
    for (String type : new String[] {"bytes", "fixed"}) {
      Schema schema = new Schema.Parser().parse(Files.readString(Path.of(type + ".avsc")));
      for (String price : prices) {
        var octets = new ByteArrayOutputStream();
        var encoder = EncoderFactory.get().binaryEncoder(octets, null);
        try {
          data.createDatumWriter(schema).write(new BigDecimal(price), encoder);
          encoder.flush();
          System.out.println(type + " " + price + " " + HexFormat.of().formatHex(octets.toByteArray()));
        } catch (AvroTypeException refused) {
          System.out.println(type + " " + price + " refused");
        }
      }
    }
  }
}
JAVA
cat > compare.py <<'PY'
import io, json, sys
from decimal import Decimal
import avro.errors, avro.io, avro.schema, fastavro

java = {tuple(line.split()[:2]): line.split()[2] for line in open("java")}

def by_fastavro(text, price):
    octets = io.BytesIO()
    fastavro.schemaless_writer(octets, json.loads(text), price)
    return octets.getvalue()

def by_apache(text, price):
    octets = io.BytesIO()
    avro.io.DatumWriter(avro.schema.parse(text)).write(price, avro.io.BinaryEncoder(octets))
    own = avro.io.DatumReader(avro.schema.parse(text)).read(avro.io.BinaryDecoder(io.BytesIO(octets.getvalue())))
    assert own == fastavro.schemaless_reader(io.BytesIO(octets.getvalue()), json.loads(text))
    return octets.getvalue()

def read(text, octets):
    return f"{fastavro.schemaless_reader(io.BytesIO(octets), json.loads(text)):f}"

for type in ("bytes", "fixed"):
    text = open(f"{type}.avsc").read()
    for price in sys.argv[1:]:
        seen = []
        for write in (by_apache, by_fastavro):
            try:
                seen.append(read(text, write(text, Decimal(price))))
            except (ValueError, avro.errors.AvroOutOfScaleException):
                seen.append("refused")
        octets = java[type, price]
        seen.append("refused" if octets == "refused" else read(text, bytes.fromhex(octets)))
        print(f"{type} {price}: avro {seen[0]}, fastavro {seen[1]}, Java {seen[2]}")
PY
echo '{"type":"bytes","logicalType":"decimal","precision":18,"scale":6}' > bytes.avsc
echo '{"type":"fixed","name":"price","size":8,"logicalType":"decimal","precision":18,"scale":6}' > fixed.avsc
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=libs > /dev/null
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check avro==1.12.2 fastavro==1.13.1

prices="0.058450 0.05845 12 -0.05 1E+2 0.0584507"
java -cp 'libs/*' Write.java $prices > java 2> /dev/null
venv/bin/python compare.py $prices > seen
cat seen
diff seen - <<'SEEN'
bytes 0.058450: avro 0.058450, fastavro 0.058450, Java 0.058450
bytes 0.05845: avro 0.005845, fastavro 0.058450, Java 0.058450
bytes 12: avro 0.000012, fastavro 12.000000, Java 12.000000
bytes -0.05: avro -0.000005, fastavro -0.050000, Java -0.050000
bytes 1E+2: avro 0.000001, fastavro 100.000000, Java 100.000000
bytes 0.0584507: avro refused, fastavro refused, Java refused
fixed 0.058450: avro 0.058450, fastavro 0.058450, Java 0.058450
fixed 0.05845: avro 0.005845, fastavro 0.058450, Java 0.058450
fixed 12: avro 0.000012, fastavro 12.000000, Java 12.000000
fixed -0.05: avro -0.000005, fastavro -0.050000, Java -0.050000
fixed 1E+2: avro 0.000001, fastavro 100.000000, Java 100.000000
fixed 0.0584507: avro refused, fastavro refused, Java refused
SEEN
