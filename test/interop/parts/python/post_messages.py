"""Messages by requests, in spellings of JSON that clients really have: post_messages.py INGEST-URL KEY NUMBER prints the
status of each as JSON."""

import codecs
import json
import sys

import requests

url, key, number = sys.argv[1:]
body = json.dumps({"to": number, "from": "ACME", "text": "Grüße, 5€"}, ensure_ascii=False).encode("utf-8")
spellings = {
    "charset=utf8": ("application/json; charset=utf8", body),
    "charset=\"UTF-8\"": ("application/json; charset=\"UTF-8\"", body),
    "byte order mark": ("application/json", codecs.BOM_UTF8 + body),
    "latin-1": ("application/json; charset=iso-8859-1", body.decode("utf-8").replace("€", "").encode("latin-1")),
}
statuses = {}
for name, (content_type, octets) in spellings.items():
    headers = {"authorization": f"Bearer {key}", "content-type": content_type}
    answer = requests.post(f"{url}/v1/messages", data=octets, headers=headers, timeout=10)
    statuses[name] = answer.status_code
print(json.dumps(statuses))
