/**
 * Brokers with one log each partition, under the real KafkaJS: its clusters, groups, fetchers and producers run, and only what they would send over a
 * socket is answered here. Answers go through KafkaJS's own readers where those throw for what a broker says.
 */
import { createRequire } from "node:module";
import { KafkaJSConnectionError } from "kafkajs";
import { vi } from "vitest";
import "../../../../platform/kafka/connection.ts";

const require = createRequire(import.meta.url);
const Broker = require("kafkajs/src/broker") as { prototype: Record<string, unknown> };
const metadataResponse = require("kafkajs/src/protocol/requests/metadata/v6/response") as {
  parse(data: unknown): Promise<unknown>;
};
const leaveGroupResponse = require("kafkajs/src/protocol/requests/leaveGroup/v3/response") as {
  parse(data: unknown): Promise<unknown>;
};
const { createErrorFromCode } = require("kafkajs/src/protocol/error") as { createErrorFromCode(code: number): Error };
const { MemberAssignment } = require("kafkajs/src/consumer/assignerProtocol") as {
  MemberAssignment: { encode(of: object): Buffer };
};

const LEADER_NOT_AVAILABLE = 5;
const NOT_LEADER_FOR_PARTITION = 6;

interface Broker {
  nodeId: number;
  readonly connectionPool: { readonly port: number };
  up?: boolean;
}
interface AskedOf {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly timestamp?: number }[];
}

export class ScriptedBrokers {
  /** By topic and partition: the broker that leads it; -1: none does. */
  readonly leaders: Record<string, number[]>;
  readonly logs = new Map<string, string[]>();
  /** Ports of brokers that take no connection, which shows after 2 s. */
  readonly dead = new Set<number>();
  metadataAsked = 0;
  /** Done when a broker has looked where logs end, before it answers. */
  afterOffsets: () => Promise<void> = async () => {};
  /** `group/member` of all that were to leave a group. */
  readonly leaves: string[] = [];
  /** What is said to them: an error's code; 0: they have left. */
  leaveCode = async (): Promise<number> => 0;

  constructor(leaders: Record<string, number[]>) {
    this.leaders = leaders;
    for (const [name, answer] of Object.entries(this.answers()))
      vi.spyOn(Broker.prototype as Record<string, () => unknown>, name).mockImplementation(answer as () => unknown);
  }

  log(topic: string, partition: number): string[] {
    const key = `${topic}/${partition}`;
    const log = this.logs.get(key) ?? [];
    this.logs.set(key, log);
    return log;
  }

  private answers(): Record<string, (...asked: never[]) => unknown> {
    const kafka = this;
    return {
      isConnected(this: Broker) {
        return this.up === true;
      },
      async connect(this: Broker) {
        if (kafka.dead.has(this.connectionPool.port)) {
          await new Promise((resolve) => setTimeout(resolve, 2_000));
          throw new KafkaJSConnectionError("Connection timeout");
        }
        this.up = true;
      },
      async disconnect(this: Broker) {
        this.up = false;
      },
      async metadata(topics: string[]) {
        return await kafka.metadata(topics);
      },
      async listOffsets(this: Broker, { topics }: { topics: AskedOf[] }) {
        const told = topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition, timestamp }) => {
            kafka.mustLead(this, topic, partition);
            return { partition, offset: String(timestamp === -2 ? 0 : kafka.log(topic, partition).length) };
          }),
        }));
        await kafka.afterOffsets();
        return { responses: told };
      },
      async findGroupCoordinator() {
        return { coordinator: { nodeId: 1, host: "b", port: 1 } };
      },
      async joinGroup({ groupProtocols }: { groupProtocols: { name: string }[] }) {
        return { generationId: 1, leaderId: "m", memberId: "m", members: [], groupProtocol: groupProtocols[0]!.name };
      },
      async syncGroup() {
        const all = Object.entries(kafka.leaders).map(([topic, of]) => [topic, [...of.keys()]]);
        const assignment = Object.fromEntries(all);
        return { memberAssignment: MemberAssignment.encode({ version: 1, assignment, userData: Buffer.alloc(0) }) };
      },
      async heartbeat() {},
      async leaveGroup({ groupId, memberId }: { groupId: string; memberId: string }) {
        kafka.leaves.push(`${groupId}/${memberId}`);
        const member = { memberId, groupInstanceId: null, errorCode: await kafka.leaveCode() };
        return await leaveGroupResponse.parse({ throttleTime: 0, errorCode: 0, members: [member] });
      },
      async offsetFetch({ topics }: { topics: AskedOf[] }) {
        const none = ({ partition }: { partition: number }) => ({ partition, offset: "-1", metadata: "" });
        return { responses: topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(none) })) };
      },
      async fetch(this: Broker, { topics }: { topics: { topic: string; partitions: FetchedPartition[] }[] }) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const responses = topics.map(({ topic, partitions }) => ({
          topicName: topic,
          partitions: partitions.map(({ partition, fetchOffset }) => {
            kafka.mustLead(this, topic, partition);
            return kafka.fetched(topic, partition, Number(fetchOffset));
          }),
        }));
        return { responses };
      },
      async produce(this: Broker, { topicData }: { topicData: ProducedTopic[] }) {
        const topics = topicData.map(({ topic, partitions }) => ({
          topicName: topic,
          partitions: partitions.map(({ partition, messages }) => {
            kafka.mustLead(this, topic, partition);
            for (const { value } of messages) kafka.log(topic, partition).push(String(value));
            return { partition, errorCode: 0, logAppendTime: "-1", offset: "0" };
          }),
        }));
        return { topics };
      },
    };
  }

  private mustLead({ nodeId }: Broker, topic: string, partition: number): void {
    if (this.leaders[topic]![partition] !== nodeId) throw createErrorFromCode(NOT_LEADER_FOR_PARTITION);
  }

  private fetched(topic: string, partition: number, from: number): object {
    const log = this.log(topic, partition);
    const messages = log.slice(from).map((value, i) => ({
      ...{ offset: String(from + i), key: null, value: Buffer.from(value), headers: {}, timestamp: "0" },
    }));
    const high = String(log.length);
    return { partition, errorCode: 0, highWatermark: high, messages };
  }

  private metadata(topics: readonly string[]): Promise<unknown> {
    this.metadataAsked++;
    const asked = topics.length === 0 ? Object.keys(this.leaders) : topics;
    const broker = (nodeId: number) => ({ nodeId, host: "b", port: nodeId, rack: null });
    const partition = (leader: number, partitionId: number) => ({
      ...{ partitionId, leader, replicas: [1], isr: [1], offlineReplicas: [] },
      partitionErrorCode: leader < 0 ? LEADER_NOT_AVAILABLE : 0,
    });
    return metadataResponse.parse({
      brokers: [broker(1), broker(2)],
      controllerId: 1,
      topicMetadata: asked.map((topic) => ({
        ...{ topic, topicErrorCode: 0, isInternal: false },
        partitionMetadata: this.leaders[topic]!.map(partition),
      })),
    });
  }
}

interface FetchedPartition {
  readonly partition: number;
  readonly fetchOffset: string;
}
interface ProducedTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly messages: readonly { value: Buffer }[] }[];
}
