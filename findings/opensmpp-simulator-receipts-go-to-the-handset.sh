#!/usr/bin/env bash
# The simulator of Java org.opensmpp:opensmpp-sim 3.0.2 as its authors ship it, and npm smpp 0.6.0-rc.4 as its client, which
# sends one message from ACME (alphanumeric) to 491700000012 (international) and asks for a receipt.
#
# Expected: the receipt's addresses are the message's, swapped: from the handset, to ACME.
# Seen: source and destination are both the handset's number with its type; ACME stands nowhere in it. The text has
# "sub:1 dlvrd:1 err:0" where the customary layout has three digits each, and is labelled data_coding 3.
set -euo pipefail
folder=$(mktemp -d)
simulator=
trap '[ -z "$simulator" ] || kill "$simulator" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>opensmpp</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.opensmpp</groupId><artifactId>opensmpp-sim</artifactId><version>3.0.2</version></dependency>
  </dependencies>
</project>
POM
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=libs > /dev/null
npm install --no-audit --no-fund --silent --prefix "$folder" smpp@0.6.0-rc.4

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
printf 'name=esme\npassword=secret\ntimeout=unlimited\n' > users.txt
mkfifo typed
java -DusersFileName=users.txt -cp 'libs/*' org.smpp.smscsim.Simulator < typed > simulator.log 2>&1 &
simulator=$!
exec 3> typed
printf '1\n%s\n' "$port" >&3
for _ in $(seq 150); do grep -q 'started\.' simulator.log && break; sleep 0.2; done

timeout 60 node -e '
  const smpp = require("smpp");
  const session = smpp.connect({ url: `smpp://127.0.0.1:${process.argv[1]}` }, () =>
    session.bind_transceiver({ system_id: "esme", password: "secret" }, () =>
      session.submit_sm({
        source_addr_ton: 5, source_addr: "ACME", dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: "491700000012",
        registered_delivery: 1, short_message: "Hello",
      })));
  session.on("deliver_sm", (pdu) => {
    const { source_addr_ton, source_addr, dest_addr_ton, destination_addr, data_coding } = pdu;
    console.log(`from ${source_addr_ton} ${source_addr} to ${dest_addr_ton} ${destination_addr} in ${data_coding}`);
    console.log(pdu.short_message.message.replace(/date:\d+/g, "date:D"));
    process.exit();
  });
' "$port" > seen
cat seen
diff seen - <<'SEEN'
from 1 491700000012 to 1 491700000012 in 3
id:Smsc2001 sub:1 dlvrd:1 submit date:D done date:D stat:DELIVRD err:0 text:Hello
SEEN
