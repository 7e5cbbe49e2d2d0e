"""A client on smpplib: `python smpplib_client.py PORT SYSTEM-ID PASSWORD RECEIPTS < messages.json`.

It submits each message in the parts that the library makes of it, and prints the ids of its answers and the receipts, when all have come.
"""
import json
import re
import sys

import smpplib.client
import smpplib.consts
import smpplib.gsm

port, system_id, password, wanted = sys.argv[1:]
client = smpplib.client.Client("127.0.0.1", int(port))
answers = {}
receipts = []


def sent(pdu):
    answers[pdu.sequence] = pdu.message_id.decode()


def received(pdu):
    found = re.match(r"id:(\S+).* stat:(\S+)", pdu.short_message.decode())
    if found and pdu.receipted_message_id.decode() == found.group(1):
        receipts.append({"id": found.group(1), "state": found.group(2)})


client.set_message_sent_handler(sent)
client.set_message_received_handler(received)
client.connect()
client.bind_transceiver(system_id=system_id, password=password)
sequences = []
for message in json.load(sys.stdin):
    parts, coding, kind = smpplib.gsm.make_parts(message["text"])
    sequences.append([])
    for part in parts:
        pdu = client.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
            source_addr="ACME",
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            destination_addr=message["to"],
            short_message=part,
            data_coding=coding,
            esm_class=kind,
            registered_delivery=True,
        )
        sequences[-1].append(pdu.sequence)
while len(receipts) < int(wanted):
    client.read_once()
print(json.dumps({"ids": [[answers[one] for one in each] for each in sequences], "receipts": receipts}))
client.unbind()
client.disconnect()
