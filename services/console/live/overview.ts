import type { Snapshot } from "../../../domain/catalog/snapshot.ts";
import type { InstanceWord } from "../../../pipeline/control/catalog-log.ts";
import {
  EVENTS_TOPIC,
  LANES,
  RECEIPTS_TOPIC,
  RETRY_DELAYS,
  requestTopic,
  retryTopic,
} from "../../../schemas/topics.ts";
import type { StageFigures } from "../read/stage-figures.ts";
import type { TopicFlow } from "./flow-meter.ts";
import type { ProviderNow } from "./provider-board.ts";

/** What the page is told again and again. It holds no numbers of people and no texts, so that all may see it. */
export interface Overview {
  /** Epoch ms by the brokers' clock. */
  readonly at: number;
  /** Messages a second that come in, by lane, and of the last minutes, one a second. */
  readonly lanes: Readonly<Record<string, { readonly perSecond: number; readonly waiting: number }>>;
  readonly accepted: { readonly perSecond: number; readonly recent: readonly number[] };
  /** Segments a second that leave. */
  readonly submitted: { readonly perSecond: number; readonly recent: readonly number[] };
  /** Messages that wait to be routed again, by how long they wait in their tier. */
  readonly retries: Readonly<Record<string, number>>;
  readonly receipts: { readonly perSecond: number; readonly waiting: number };
  /** Steps that are written down; `waiting`: those that ClickHouse does not have. */
  readonly events: { readonly perSecond: number; readonly waiting: number };
  readonly providers: readonly ProviderNow[];
  readonly alerts: AlertCounts;
  readonly answers: AnswerCounts;
  /** From ClickHouse's roll-ups; null until it has answered. */
  readonly stages: StageFigures | null;
  readonly catalog: {
    readonly version: number;
    /** What keeps this console from the newest one. */
    readonly trouble: string | null;
    readonly instances: readonly InstanceNow[];
  };
}

/** A process of Sluice, as it says itself. */
export interface InstanceNow {
  readonly id: string;
  readonly version: number;
  readonly trouble: string | null;
}

/** How often pages' questions were answered with what was kept, and how often ClickHouse was asked, since the start. */
export interface AnswerCounts {
  readonly kept: number;
  readonly asked: number;
}

export interface AlertCounts {
  readonly firing: number;
  readonly pending: number;
}

export interface OverviewParts {
  readonly alerts: AlertCounts;
  readonly answers: AnswerCounts;
  readonly at: number;
  readonly flowOf: (topic: string) => TopicFlow;
  readonly recent: { readonly accepted: readonly number[]; readonly submitted: readonly number[] };
  readonly providers: readonly ProviderNow[];
  readonly stages: StageFigures | null;
  readonly snapshot: Snapshot;
  readonly trouble: string | undefined;
  readonly instances: Iterable<InstanceWord>;
}

/** A process that has said nothing for so long is gone, ms. */
const GONE_MS = 60_000;

/** Messages a second that come in, all lanes together. */
export function acceptedRate(flowOf: OverviewParts["flowOf"]): number {
  return LANES.reduce((sum, lane) => sum + flowOf(requestTopic(lane)).perSecond, 0);
}

/** Segments a second that leave, all providers together. */
export function submittedRate(providers: readonly ProviderNow[]): number {
  return providers.reduce((sum, { submitting }) => sum + submitting, 0);
}

/** Puts together what is known at this moment. */
export function overview({
  at,
  flowOf,
  recent,
  providers,
  alerts,
  answers,
  stages,
  ...parts
}: OverviewParts): Overview {
  const flow = (topic: string) => {
    const { perSecond, waiting } = flowOf(topic);
    return { perSecond: tenths(perSecond), waiting: waiting ?? 0 };
  };
  return {
    at,
    lanes: Object.fromEntries(LANES.map((lane) => [lane, flow(requestTopic(lane))])),
    accepted: { perSecond: tenths(acceptedRate(flowOf)), recent: recent.accepted },
    submitted: { perSecond: tenths(submittedRate(providers)), recent: recent.submitted },
    retries: Object.fromEntries(RETRY_DELAYS.map((delay) => [delay, flow(retryTopic(delay)).waiting])),
    receipts: flow(RECEIPTS_TOPIC),
    events: flow(EVENTS_TOPIC),
    providers,
    alerts,
    answers,
    stages,
    catalog: {
      version: parts.snapshot.version,
      trouble: parts.trouble ?? null,
      instances: [...parts.instances]
        .filter((one) => at - one.at <= GONE_MS)
        .map(({ id, version, trouble }) => ({ id, version, trouble }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    },
  };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
