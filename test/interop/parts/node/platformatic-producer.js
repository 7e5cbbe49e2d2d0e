/**
 * Requests by @platformatic/kafka: `node platformatic-producer.js BROKERS REGISTRY-URL TOPIC default|compatibility < requests.json`.
 */
const { readFileSync } = require("node:fs");
const { Producer, compatibilityPartitioner, stringSerializer } = require("@platformatic/kafka");
const avro = require("avsc");

async function main([brokers, registryUrl, topic, partitioner]) {
  const answer = await fetch(`${registryUrl}/subjects/sluice.SendRequest/versions/latest`);
  const { id, schema } = await answer.json();
  const type = avro.Type.forSchema(JSON.parse(schema), { wrapUnions: false });
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  const producer = new Producer({
    clientId: "platformatic",
    bootstrapBrokers: brokers.split(","),
    serializers: {
      key: stringSerializer,
      value: (value) => value,
      headerKey: stringSerializer,
      headerValue: stringSerializer,
    },
    ...(partitioner === "compatibility" ? { partitioner: compatibilityPartitioner } : {}),
  });
  const nothing = { validitySeconds: null, reference: null, callbackUrl: null, metadata: {}, acceptedAt: null };
  const messages = JSON.parse(readFileSync(0, "utf8")).map((request) => ({
    topic,
    key: request.to,
    value: Buffer.concat([head, type.toBuffer({ ...nothing, ...request })]),
  }));
  await producer.send({ messages, acks: -1 });
  await producer.close();
}

main(process.argv.slice(2));
