"""Requests by confluent-kafka (librdkafka), with its own serializer, its default partitioner (CRC32) and, as upstream teams
have it, a schema of their own namespace: confluent_producer.py BROKERS REGISTRY-URL TOPIC sluice|own < requests.json"""

import json
import sys

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, registry_url, topic, whose = sys.argv[1:]
registry = SchemaRegistryClient({"url": registry_url})
if whose == "own":
    optional = ["null", "string"]
    schema = json.dumps({
        "type": "record", "name": "SendRequest", "namespace": "com.acme.sms",
        "fields": [
            {"name": "messageId", "type": optional, "default": None},
            {"name": "accountId", "type": "string"},
            {"name": "to", "type": "string"},
            {"name": "from", "type": optional, "default": None},
            {"name": "text", "type": "string"},
            {"name": "validitySeconds", "type": ["null", "long"], "default": None},
        ],
    })
    conf = {"auto.register.schemas": True}
else:
    schema = registry.get_latest_version("sluice.SendRequest").schema.schema_str
    conf = {"auto.register.schemas": False, "use.latest.version": True,
            "subject.name.strategy": record_subject_name_strategy}
encode = AvroSerializer(registry, schema, conf=conf)
producer = Producer({"bootstrap.servers": brokers, "acks": "all", "enable.idempotence": True})
for request in json.load(sys.stdin):
    value = request if whose == "own" else {**request, "metadata": {}}
    producer.produce(topic, key=request["to"], value=encode(value, SerializationContext(topic, MessageField.VALUE)))
left = producer.flush(20)
sys.exit(1 if left else 0)
