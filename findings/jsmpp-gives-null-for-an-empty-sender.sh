#!/usr/bin/env bash
# Java org.jsmpp:jsmpp 3.0.1 and com.fizzed:ch-smpp 5.0.9, and npm smpp 0.6.0-rc.4, each reading the same submit_sm whose
# source_addr is empty (SMPP 3.4, 5.2.8: NULL, the centre then takes its default), as many clients send it.
#
# Expected: an empty text in all three, as for any other empty C-octet string.
# Seen: jSMPP's getSourceAddr() gives null (and so does its getServiceType() for an empty service_type); ch-smpp and npm smpp
# give "". A handler that asks for the length of the sender fails on such a message alone, and jSMPP answers ESME_RSYSERR for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId><artifactId>empty-sender</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.jsmpp</groupId><artifactId>jsmpp</artifactId><version>3.0.1</version></dependency>
    <dependency><groupId>com.fizzed</groupId><artifactId>ch-smpp</artifactId><version>5.0.9</version></dependency>
  </dependencies>
</project>
POM
cat > Read.java <<'JAVA'
import java.util.HexFormat;
import org.jboss.netty.buffer.ChannelBuffers;

public class Read {
  public static void main(String[] arguments) throws Exception {
    byte[] pdu = HexFormat.of().parseHex(arguments[0]);
    var jsmpp = new org.jsmpp.util.DefaultDecomposer().submitSm(pdu);
    System.out.println("jsmpp " + jsmpp.getSourceAddr() + " " + jsmpp.getServiceType());
    var transcoder = new com.cloudhopper.smpp.transcoder.DefaultPduTranscoder(
        new com.cloudhopper.smpp.transcoder.DefaultPduTranscoderContext());
    var cloudhopper = (com.cloudhopper.smpp.pdu.SubmitSm) transcoder.decode(ChannelBuffers.wrappedBuffer(pdu));
    System.out.println("ch-smpp \"" + cloudhopper.getSourceAddress().getAddress() + "\"");
  }
}
JAVA
mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=libs
npm install --no-audit --no-fund --silent --prefix "$folder" smpp@0.6.0-rc.4

# submit_sm: no service_type, source 0/0 "", destination 1/1 491700000012, no text.
pdu=0000002d00000004000000000000000100000000010134393137303030303030313200$(printf "00%.0s" {1..10})
java -cp 'libs/*' Read.java "$pdu" > seen
node -e '
  const { PDU } = require("smpp");
  console.log("smpp " + JSON.stringify(new PDU(Buffer.from(process.argv[1], "hex")).source_addr));
' "$pdu" >> seen
cat seen
diff seen - <<'SEEN'
jsmpp null null
ch-smpp ""
smpp ""
SEEN
