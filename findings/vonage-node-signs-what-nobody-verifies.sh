#!/usr/bin/env bash
# npm @vonage/auth 1.18.1 (createSignatureHash) and @vonage/sms 1.24.1 (verifySignature), two parts of one SDK, and PyPI
# vonage-http-client 1.5.2 (sign_params, check_signature): the same parameters of an inbound message, none of them with a mark to
# escape, signed by either SDK under each method and checked by both.
#
# Expected: what one half of the Node SDK signs the other half accepts, and Python too; a difference, if any, for "&" in a text.
# Seen: what Python signs both accept. What Node signs neither accepts, Node's own verifySignature included, under any method: it
# signs "a_1_b_2" where the checkers (and Vonage's rule) have "&a=1&b=2", because "&" and "=" become "_" after the parameters are
# joined, not before; blanks and colons are escaped as in an address besides. Signed over that other spelling, its signatures are
# right. A number in a JSON callback is signed by Python, while Node's verifySignature raises a TypeError. And Python cannot make
# the plain MD5 signature: None, which its docstring names for it, raises a TypeError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --no-audit --no-fund --silent --prefix "$folder" @vonage/auth@1.18.1 @vonage/sms@1.24.1
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check vonage-http-client==1.5.2 vonage-jwt==1.1.5

cat > vonage.py <<'PY'
import json, sys
from vonage_http_client.auth import Auth

def auth(method):
    return Auth(api_key="abcd1234", signature_secret="a-secret-of-one-number", signature_method=method)

if sys.argv[1] == "sign":
    print(json.dumps({m: auth(m).sign_params(json.load(open("callback.json"))) for m in ("md5", "sha1", "sha256", "sha512")}))
else:
    for method, signed in json.load(sys.stdin).items():
        print("checked by Python", method, auth(method).check_signature(signed))
    callback = {"concat-total": 2, "timestamp": "2026-12-01 07:00:00"}
    print("a number, Python", auth("sha256").check_signature({**callback, "sig": auth("sha256").sign_params(callback)}))
    try:
        auth(None)
    except TypeError as error:
        print("plain MD5, Python", type(error).__name__)
PY
cat > vonage.mjs <<'JS'
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Auth } from "@vonage/auth";
import { SMS } from "@vonage/sms";

const secret = "a-secret-of-one-number";
const callback = JSON.parse(readFileSync("callback.json"));
const python = JSON.parse(readFileSync("python.json"));
const sms = new SMS(new Auth({ apiKey: "abcd1234", apiSecret: "not-used-here" }));
const signed = {};
for (const [method, algorithm] of Object.entries({ md5: "MD5HMAC", sha1: "SHA1HMAC", sha256: "SHA256HMAC", sha512: "SHA512HMAC" })) {
  const auth = new Auth({ apiKey: "abcd1234", signature: { secret, algorithm } });
  signed[method] = await auth.createSignatureHash(callback);
  const { sig, ...rest } = signed[method];
  console.log(`checked by Node ${method}: signed by Python ${sms.verifySignature(python[method], callback, secret, algorithm)},`,
    `by Node ${sms.verifySignature(sig, rest, secret, algorithm)}`);
}
const hash = await new Auth({ apiKey: "abcd1234", signature: { secret, algorithm: "MD5HASH" } }).createSignatureHash(callback);
console.log("checked by Node, plain MD5: by Node", sms.verifySignature(hash.sig, { ...hash, sig: undefined }, secret, "MD5HASH"));

const spelling = "api_key_abcd1234_msisdn_491713920012_text_Hello_timestamp_2026-12-01+07%3A00%3A00_to_491713920013";
console.log("over", spelling, createHmac("sha256", secret).update(spelling).digest("hex") === signed.sha256.sig);
try {
  sms.verifySignature("00", { "concat-total": 2 }, secret, "SHA256HMAC");
} catch (error) {
  console.log("a number, Node", error.name);
}
writeFileSync("node.json", JSON.stringify(signed));
JS
echo '{"api_key":"abcd1234","msisdn":"491713920012","to":"491713920013","text":"Hello","timestamp":"2026-12-01 07:00:00"}' > callback.json

venv/bin/python vonage.py sign > python.json
node vonage.mjs > seen
venv/bin/python vonage.py check < node.json >> seen
cat seen
diff seen - <<'SEEN'
checked by Node md5: signed by Python true, by Node false
checked by Node sha1: signed by Python true, by Node false
checked by Node sha256: signed by Python true, by Node false
checked by Node sha512: signed by Python true, by Node false
checked by Node, plain MD5: by Node false
over api_key_abcd1234_msisdn_491713920012_text_Hello_timestamp_2026-12-01+07%3A00%3A00_to_491713920013 true
a number, Node TypeError
checked by Python md5 False
checked by Python sha1 False
checked by Python sha256 False
checked by Python sha512 False
a number, Python True
plain MD5, Python TypeError
SEEN
