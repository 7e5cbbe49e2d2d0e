import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { LogDirs } from "../../../../platform/kafka/log-dirs.ts";
import { silentLog } from "../../../../platform/log/log.ts";

const [METADATA, API_VERSIONS, DESCRIBE_LOG_DIRS] = [3, 18, 35];
const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255]);
const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value)]);
function int64(value: number): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeBigInt64BE(BigInt(value));
  return octets;
}
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);
const compact = (value: string) => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
const NO_TAGS = Buffer.from([0]);

interface Dir {
  readonly dir: string;
  readonly total: number;
  readonly free: number;
  readonly error?: number;
}

interface Broker {
  readonly dirs: readonly Dir[];
  /** The newest DescribeLogDirs that it knows. */
  readonly version?: number;
  readonly error?: number;
  /** Hangs up instead of an answer. */
  readonly hangsUp?: boolean;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Brokers that speak as much of Kafka's protocol as is asked of them; byte by byte as its message definitions say. */
async function brokersOf(brokers: readonly Broker[]): Promise<{ addresses: string[]; asked: Buffer[] }> {
  const ports: number[] = [];
  const asked: Buffer[] = [];
  const answers = ({ dirs, version = 4, error = 0 }: Broker, key: number, body: Buffer): Buffer => {
    const ranges = [METADATA, 0, 1, API_VERSIONS, 0, 2, DESCRIBE_LOG_DIRS, 1, version].map(int16);
    if (key === API_VERSIONS) return Buffer.concat([int16(0), int32(3), ...ranges, int32(0)]);
    if (key === METADATA) {
      const nodes = ports.flatMap((port, id) => [int32(id + 1), text("127.0.0.1"), int32(port), int16(-1)]);
      return Buffer.concat([int32(ports.length), ...nodes, int32(1), int32(0)]);
    }
    asked.push(body);
    const partition = [int32(7), int64(1_000), int64(0), Buffer.from([0]), NO_TAGS];
    const topic = [Buffer.from([2]), compact("a-topic"), Buffer.from([2]), ...partition, NO_TAGS];
    const results = dirs.flatMap(({ dir, total, free, error: failed = 0 }) => [
      ...[int16(failed), compact(dir), ...topic, int64(total), int64(free), NO_TAGS],
    ]);
    const header = [NO_TAGS, int32(0), int16(error)];
    return Buffer.concat([...header, Buffer.from([dirs.length + 1]), ...results, NO_TAGS]);
  };
  for (const broker of brokers) {
    const server = createServer((socket) => {
      let unread = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        unread = Buffer.concat([unread, chunk]);
        while (unread.length >= 4 && unread.length >= 4 + unread.readInt32BE(0)) {
          const request = unread.subarray(4, 4 + unread.readInt32BE(0));
          unread = unread.subarray(4 + request.length);
          if (broker.hangsUp === true && request.readInt16BE(0) === DESCRIBE_LOG_DIRS) socket.destroy();
          const client = 10 + request.readInt16BE(8);
          const answer = Buffer.concat([
            request.subarray(4, 8),
            answers(broker, request.readInt16BE(0), request.subarray(client)),
          ]);
          if (!socket.destroyed) socket.write(Buffer.concat([int32(answer.length), answer]));
        }
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push((server.address() as { port: number }).port);
  }
  return { addresses: ports.map((port) => `127.0.0.1:${port}`), asked };
}

async function askedOf(brokers: readonly Broker[]): Promise<{ told: unknown; asked: Buffer[] }> {
  const { addresses, asked } = await brokersOf(brokers);
  const logDirs = new LogDirs({ brokers: addresses.slice(0, 1), clientId: "test", log: silentLog });
  try {
    return { told: await logDirs.ask().catch((error: unknown) => error), asked };
  } finally {
    await logDirs.stop();
  }
}

const GIB = 2 ** 30;

test("every broker says how large its disks are and what is free, also beyond what 32 bits hold", async () => {
  const { told, asked } = await askedOf([
    { dirs: [{ dir: "/data/a", total: 9_000 * GIB, free: 100 * GIB }] },
    { dirs: [{ dir: "/data/a", total: 500, free: 0 }] },
  ]);
  expect(told).toEqual([
    { broker: "1", dir: "/data/a", total: 9_000 * GIB, free: 100 * GIB },
    { broker: "2", dir: "/data/a", total: 500, free: 0 },
  ]);
  // Tags of the header, no topics, tags: of no partition a broker need say anything.
  expect(asked).toEqual([Buffer.from([0, 1, 0]), Buffer.from([0, 1, 0])]);
});

test("a directory that failed or whose size is not known is left out, and so is a broker that does not answer", async () => {
  const { told } = await askedOf([
    {
      dirs: [
        { dir: "/failed", total: 0, free: 0, error: 56 },
        { dir: "/unknown", total: -1, free: -1 },
        { dir: "/good", total: 10, free: 5 },
      ],
    },
    { dirs: [{ dir: "/silent", total: 10, free: 5 }], hangsUp: true },
  ]);
  expect(told).toEqual([{ broker: "1", dir: "/good", total: 10, free: 5 }]);
});

test("when all are too old, or refuse, it is said why", async () => {
  const { told } = await askedOf([{ dirs: [], version: 3 }]);
  expect(told).toMatchObject({ code: "KAFKA_TOO_OLD" });
  const refused = await askedOf([{ dirs: [], error: 31 }]);
  expect(refused.told).toMatchObject({ type: "CLUSTER_AUTHORIZATION_FAILED" });
});
