"""Twilio's own SDK as a client of ingest: twilio_client.py BASE-URL SID KEY NUMBER prints what it saw, as JSON."""

import datetime
import json
import sys

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

base_url, sid, key, number = sys.argv[1:]


class ToSluice(TwilioHttpClient):
    """The SDK's requests, led to another host."""

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", base_url), *args, **kwargs)


client = Client(sid, key, http_client=ToSluice())
first = client.messages.create(to=number, from_="ACME", body="Grüße, 5€")
second = client.messages.create(to=number, from_="ACME", body="second")
later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
waiting = client.messages.create(to=number, from_="ACME", body="later", schedule_type="fixed", send_at=later)


def error_of(call):
    try:
        call()
    except TwilioRestException as error:
        return [error.status, error.code]
    return "it was taken"


fetched = client.messages(first.sid).fetch()
seen = {
    "created": [first.status, first.num_segments, first.body, waiting.status],
    "fetched": [fetched.sid == first.sid, fetched.to == number, fetched.price],
    "listed": sorted(m.sid for m in client.messages.list(to=number, page_size=1)) == sorted(m.sid for m in (first, second, waiting)),
    "refused": error_of(lambda: client.messages.create(to="+49170", from_="ACME", body="x")),
    "unknown": error_of(lambda: client.messages("SM" + "0" * 32).fetch()),
    "unauthorized": error_of(lambda: Client(sid, "wrong", http_client=ToSluice()).messages(first.sid).fetch()),
}
print(json.dumps({"first": first.sid, "waiting": waiting.sid, "seen": seen}))
