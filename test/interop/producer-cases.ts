import { newMessageId } from "../../domain/message/message-id.ts";
import { partitionFor } from "../../platform/kafka/murmur2.ts";
import { PARTITIONS } from "../faults/installation.ts";
import { type InteropCase, same } from "./interop-case.ts";
import type { PartName } from "./interop-parts.ts";
import { runProgram } from "./part-program.ts";
import { freshNumber, type SluiceUnderTest } from "./sluice-under-test.ts";

interface ProducerKind {
  readonly title: string;
  readonly part: PartName;
  /** Its command line in the part's folder, before brokers, registry and topic, and after them. */
  readonly command: (folder: string) => readonly string[];
  readonly mode?: string;
}

const python = (folder: string) => [`${folder}/venv/bin/python`, "confluent_producer.py"];
/** Node 24, which the project brings: the package wants 22 or newer. */
const node = () => [process.execPath, "platformatic-producer.js"];

/** Clients that upstream systems put requests into sms.requests with. */
const PRODUCERS: readonly ProducerKind[] = [
  {
    title: "confluent-kafka 2.16.1 with its AvroSerializer and librdkafka's partitioner",
    part: "python",
    command: python,
    mode: "sluice",
  },
  {
    title: "confluent-kafka 2.16.1 with a schema of the namespace com.acme.sms",
    part: "python",
    command: python,
    mode: "own",
  },
  { title: "@platformatic/kafka 2.12.1 with its default partitioner", part: "node", command: node, mode: "default" },
  {
    title: "@platformatic/kafka 2.12.1 with its compatibilityPartitioner",
    part: "node",
    command: node,
    mode: "compatibility",
  },
  {
    title: "franz-go 1.22.3 with its registry client and hamba/avro 2.29.0",
    part: "go",
    command: (folder) => [`${folder}/franz-producer`],
  },
  {
    title: "Java kafka-clients 4.1.1 and Avro 1.12.0, in zstd",
    part: "java",
    command: (folder) => ["java", "-Xmx128m", "-cp", `${folder}/classes:${folder}/libs/*`, "AvroProducer"],
  },
];

const MESSAGES = 40;

/** All arrive, once, decided in the partition of their number, whatever partition the client had put them into. */
export const PRODUCER_CASES: readonly InteropCase[] = PRODUCERS.map((kind) => ({
  name: `${kind.title}: requests arrive once, in their number's partition`,
  needs: [kind.part],
  limitMs: 90_000,
  run: (sluice) => arriveOnce(kind, sluice),
}));

async function arriveOnce(kind: ProducerKind, sluice: SluiceUnderTest): Promise<string> {
  const requests = Array.from({ length: MESSAGES }, (_, i) => ({
    messageId: newMessageId(),
    accountId: "acme",
    to: freshNumber(),
    from: "ACME",
    text: `Number ${i}: Grüße, 5€`,
  }));
  const folder = sluice.folders.get(kind.part)!;
  const { brokers, registryUrl } = sluice.installation.infra;
  const words = [brokers.join(","), registryUrl, "sms.requests.transactional", ...(kind.mode ? [kind.mode] : [])];
  await runProgram(folder, [...kind.command(folder), ...words], JSON.stringify(requests));
  const rows = await sluice.untilFinal(requests.map(({ messageId }) => messageId));
  for (const { state, finals, submissions } of rows)
    same("a message", { state, finals, submissions }, { state: "delivered", finals: 1, submissions: 1 });
  const ids = requests.map(({ messageId }) => `'${messageId}'`).join(",");
  const routed = await sluice.query<{ to: string; partition: number }>(
    `SELECT destination AS to, log_partition AS partition FROM events WHERE type = 'routed' AND message_id IN (${ids})`,
  );
  same("decisions", routed.length, MESSAGES);
  for (const { to, partition } of routed)
    same(`the partition of ${to.slice(0, 5)}…`, partition, partitionFor(to, PARTITIONS));
  return `${MESSAGES} messages`;
}
