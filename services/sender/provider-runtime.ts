import type { Provider } from "../../domain/catalog/provider.ts";
import type { ProviderHealth } from "../../pipeline/follow/provider-health.ts";
import { NO_VOLUME, type VolumeCount } from "../../pipeline/follow/told-volume.ts";
import type { SluiceCodecs } from "../../pipeline/records/codecs.ts";
import type { MessageTraces } from "../../pipeline/traces/message-traces.ts";
import type { KafkaConnection } from "../../platform/kafka/connection.ts";
import { DispatchJournal } from "../../platform/kafka/dispatch-journal.ts";
import { Dispatcher } from "../../platform/kafka/dispatcher.ts";
import type { LogEnds } from "../../platform/kafka/log-ends.ts";
import type { RecordProducer } from "../../platform/kafka/producer.ts";
import type { OutRecord } from "../../platform/kafka/record.ts";
import type { Task } from "../../platform/kafka/task.ts";
import { TaskGroup } from "../../platform/kafka/task-group.ts";
import type { MetricRegistry } from "../../platform/telemetry/metric-registry.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";
import { senderGroup } from "../../schemas/groups.ts";
import { DISPATCH_QUEUES, DISPATCH_URGENCY, dispatchTopic, ROUTER_INPUTS } from "../../schemas/topics.ts";
import { DeliveredWriter } from "./delivered-writer.ts";
import { DispatchTask } from "./dispatch-task.ts";
import { GuardedLink, guardedDelivery } from "./guarded-link.ts";
import { HealthReporter } from "./health-reporter.ts";
import { HttpLink } from "./http-link.ts";
import type { LastLook } from "./last-look.ts";
import type { Link } from "./link.ts";
import type { OutcomeLog, StoredOutcome } from "./outcome-log.ts";
import { Outcomes } from "./outcomes.ts";
import { ProviderSender } from "./provider-sender.ts";
import { RecentSubmissions } from "./recent-submissions.ts";
import { type SenderGauges, type SenderMetrics, senderMetrics } from "./sender-metrics.ts";
import { SmppLink } from "./smpp-link.ts";
import { stageStepOf } from "./stage-step.ts";
import type { Unit } from "./unit-result.ts";
import type { VolumeLog } from "./volume-log.ts";

/** What senders ask of the copy of sms.consent. */
export interface SenderConsent {
  /** Resolves with true when it has all that the log has by now of the destinations of a provider's partition, or says of the others that it does not know them. */
  caughtUpFor(partition: number, of: number, wanted: { readonly alive: boolean }): Promise<boolean>;
}

/** What all providers of a process share. */
export interface SharedParts {
  readonly connection: KafkaConnection;
  readonly producer: RecordProducer;
  readonly codecs: SluiceCodecs;
  readonly outcomeLog: OutcomeLog;
  readonly ends: LogEnds;
  /** What stands in the logs of the providers' volumes. Default: counts begin at 0. */
  readonly volumes?: Pick<VolumeLog, "before">;
  /** What other senders say. Default: there is no other. */
  readonly health?: Pick<ProviderHealth, "volume">;
  readonly metrics: MetricRegistry;
  /** Of the message topics. */
  readonly partitions: number;
  readonly instance: string;
  readonly traces?: MessageTraces | undefined;
  /** Whether the routers could give a provider's messages to another one now. Default: yes. */
  readonly goesElsewhere?: (provider: Provider) => boolean;
  /** What recipients have said. Default: nothing. */
  readonly consent?: SenderConsent | undefined;
  /** Whether a message may go to its recipient now. Default: all may. */
  readonly look?: LastLook | undefined;
  /** Folder of the journals; without one none is kept. */
  readonly journalDir?: string | undefined;
  /** Of the consumer groups, ms. */
  readonly sessionTimeoutMs: number;
}

/** A provider that answers nothing for so long is left, even where its response time-out is longer, ms. */
const SILENCE_MS = 5_000;
const GROUP_STOP_MS = 8_000;

/** One provider's part of a sender process: its consumer group, its link, its word on health. */
export class ProviderRuntime {
  provider: Provider;
  readonly sender: ProviderSender<Unit>;
  readonly group: TaskGroup;
  private readonly shared: SharedParts;
  private readonly outcomes: Outcomes;
  private readonly health: HealthReporter;
  private readonly running = new Map<Task, Dispatcher<Dispatch, StoredOutcome>>();

  /** `retired`: it was removed from the catalog, or is of no use by it; it takes nothing new and hands back what it has, and its receipts still come. */
  constructor(provider: Provider, shared: SharedParts, retired = false) {
    this.provider = provider;
    this.shared = shared;
    const metrics = senderMetrics(shared.metrics, provider.id);
    this.outcomes = new Outcomes(shared.codecs, provider, shared.partitions, shared.traces);
    this.sender = new ProviderSender<Unit>({
      provider,
      link: new GuardedLink(linkTo(provider, shared, metrics), {
        provider: provider.id,
        log: shared.connection.log,
        // What was under way is in doubt then, as after a takeover.
        onFault: () => this.beginAgain(),
      }),
      outcomes: this.outcomes,
      metrics,
      log: shared.connection.log,
      silenceMs: Math.min(SILENCE_MS, responseTimeoutOf(provider)),
      goesElsewhere: () => retired || shared.goesElsewhere?.(provider) !== false,
      volumeElsewhere: () => this.volumeElsewhere(),
      retired,
      look: shared.look,
      onLate: (events) => this.writeLate(events),
      onCircuit: () => this.health.tell(),
      monotonic: () => performance.now(),
      now: () => shared.producer.clock.now(),
    });
    this.health = new HealthReporter(this.healthSource(), shared.producer, shared.codecs.health, shared.instance);
    this.group = new TaskGroup({
      connection: shared.connection,
      groupId: senderGroup(provider.id),
      topics: DISPATCH_QUEUES.map(({ lane, overflow }) => dispatchTopic(provider.id, lane, overflow)),
      partitions: provider.partitions,
      sessionTimeoutMs: shared.sessionTimeoutMs,
      run: (task) => this.run(task),
    });
  }

  /** Throws when Kafka does not answer: call it again. */
  async start(): Promise<void> {
    await this.group.start();
    this.health.start();
  }

  /** Drains: what is in flight is answered, nothing new is taken; then unbinds. */
  async stop(): Promise<void> {
    await this.group.stop(GROUP_STOP_MS);
    this.health.stop();
    await this.sender.stop();
  }

  /** Other limits hold from now on: rate, rates of networks, quota; or it is drained, or used again. All else is as it was. */
  limit(provider: Provider): void {
    this.provider = provider;
    this.sender.limit(provider);
  }

  /** For metrics. */
  get gauges(): SenderGauges {
    const { sender } = this;
    let backlog = 0;
    for (const dispatcher of this.running.values()) backlog += dispatcher.backlog;
    return {
      provider: this.provider.id,
      inFlight: sender.link.inFlight,
      window: sender.window,
      owned: sender.owned,
      backlog,
      rate: sender.rate.currentAt(performance.now()),
      configuredRate: sender.rate.limit,
      waiting: sender.waitingForNetworks,
      heldNetworks: sender.heldNetworks(Number.POSITIVE_INFINITY),
      segmentsSent: sender.rate.sent,
      volume: sender.volume.here,
      quotaUsed: sender.volume.used,
      circuit: sender.circuit.state,
      up: sender.link.up,
      trouble: sender.trouble,
      drained: this.provider.use === "drain",
    };
  }

  private beginAgain(): void {
    for (const task of this.running.keys()) task.revoke();
  }

  private async run(task: Task): Promise<void> {
    const { shared, provider, outcomes, sender } = this;
    if (!(await this.knowsConsent(task))) return;
    const journal = this.journalOf(task);
    const countedBy = await this.countOn(task);
    const handler = new DispatchTask(task, {
      journal,
      provider,
      codecs: shared.codecs,
      outcomes,
      log: shared.outcomeLog,
      ends: shared.ends,
      writes: shared.producer,
      sender,
      now: () => shared.producer.clock.now(),
      countedBy,
      traces: shared.traces,
      look: shared.look,
    });
    const dispatcher = new Dispatcher(task, handler, {
      producer: shared.producer,
      sources: { topics: ROUTER_INPUTS, partitions: shared.partitions },
      urgency: DISPATCH_URGENCY,
      journal,
      step: stageStepOf(provider),
    });
    this.running.set(task, dispatcher);
    sender.own(handler.owner);
    try {
      await dispatcher.run();
    } finally {
      this.running.delete(task);
      sender.disown(handler.owner);
      sender.volume.end(task.partition);
    }
  }

  /** Waits until this process knows what the last owner may have known of recipients. False: the partition, or the process, has gone meanwhile. */
  private async knowsConsent(task: Task): Promise<boolean> {
    const { consent } = this.shared;
    const wanted = {
      get alive() {
        return task.alive && !task.draining;
      },
    };
    return consent === undefined || consent.caughtUpFor(task.partition, this.provider.partitions, wanted);
  }

  /** The count of a partition goes on from what its last owner told and stored. @returns when it told, epoch ms */
  private async countOn({ partition }: Task): Promise<number | undefined> {
    const { volumes, producer } = this.shared;
    const { id, partitions } = this.provider;
    const before = await volumes?.before({ provider: id, partition, of: partitions });
    this.sender.volume.begin(partition, before?.told, before?.since ?? [], producer.clock.now());
    return before?.told?.at;
  }

  private volumeElsewhere(): VolumeCount {
    const { health, producer } = this.shared;
    const here = new Set([...this.running.keys()].map(({ partition }) => partition));
    return health?.volume(this.provider.id, producer.clock.now(), (partition) => here.has(partition)) ?? NO_VOLUME;
  }

  private journalOf(task: Task): DispatchJournal | undefined {
    const { journalDir: dir, connection } = this.shared;
    if (dir === undefined) return undefined;
    return new DispatchJournal({
      dir,
      name: `${senderGroup(this.provider.id)}.${task.partition}`,
      log: connection.log,
    });
  }

  /** What cannot be stored leaves the message in doubt, as it was. */
  private writeLate(events: readonly OutRecord[]): void {
    const { producer, connection } = this.shared;
    producer.trySend(events).catch((error: Error) => {
      const fields = { provider: this.provider.id, events: events.length, cause: error.message };
      connection.log.warn(fields, "What late answers say cannot be stored; their messages stay in doubt");
    });
  }

  private healthSource() {
    const { sender, running, provider } = this;
    return {
      provider: provider.id,
      rate: sender.rate,
      circuit: sender.circuit,
      volume: sender.volume,
      heldNetworks: () => sender.heldNetworks(),
      partitions: () =>
        [...running].map(([task, dispatcher]) => ({
          partition: task.partition,
          backlog: dispatcher.backlog,
          queues: DISPATCH_URGENCY.map((queue) => dispatcher.backlogOf(queue)),
          inFlight: dispatcher.inFlight,
        })),
    };
  }
}

function responseTimeoutOf(provider: Provider): number {
  return provider.kind === "smpp" ? provider.smpp.responseTimeoutMs : provider.http.timeoutMs;
}

function linkTo(provider: Provider, shared: SharedParts, metrics: SenderMetrics): Link<Unit> {
  if (provider.kind === "http-twilio") return new HttpLink(provider) as Link<Unit>;
  const { codecs, producer, partitions } = shared;
  const now = () => producer.clock.now();
  const known = new RecentSubmissions();
  const delivered = new DeliveredWriter({ provider, codecs, producer, partitions, metrics, now, known });
  return new SmppLink({
    provider,
    submissions: known,
    log: shared.connection.log,
    onAnomaly: (kind) => metrics.anomaly(kind).add(),
    onDeliver: guardedDelivery((pdu, acknowledge) => delivered.take(pdu, acknowledge), {
      provider: provider.id,
      log: shared.connection.log,
    }),
  }) as unknown as Link<Unit>;
}
