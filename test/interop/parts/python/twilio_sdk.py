"""Twilio's own SDK as the signer of a callback: twilio_sdk.py TOKEN URL PARAMETERS-AS-JSON prints X-Twilio-Signature."""

import json
import sys

from twilio.request_validator import RequestValidator

token, url, parameters = sys.argv[1:]
print(RequestValidator(token).compute_signature(url, json.loads(parameters)))
