import type { LiveCatalog } from "../../../pipeline/follow/live-catalog.ts";
import type { ClickhouseReader } from "../../../pipeline/read-model/clickhouse-reader.ts";
import { askEvery } from "../../../platform/lifecycle/ask-every.ts";
import type { Log } from "../../../platform/log/log.ts";
import type { AlertsOnPage } from "../alerts/open-alerts.ts";
import type { CachedAnswers } from "../read/cached-answers.ts";
import { type StageFigures, stageFigures } from "../read/stage-figures.ts";
import type { CatalogHistory } from "./catalog-history.ts";
import { acceptedRate, type Overview, overview, submittedRate } from "./overview.ts";
import type { ProviderBoard, ProviderNow } from "./provider-board.ts";
import { RecentPoints } from "./recent-points.ts";
import type { WatchedTopics } from "./watched-topics.ts";

export interface LiveOverviewParts {
  readonly alerts: Pick<AlertsOnPage, "counts">;
  readonly board: ProviderBoard;
  readonly topics: Pick<WatchedTopics, "of">;
  readonly catalog: LiveCatalog;
  readonly history: CatalogHistory;
  readonly clickhouse: ClickhouseReader;
  readonly answers: CachedAnswers;
  readonly log: Log;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** The curves beside the figures: a point a second, for three minutes. */
const STEP_MS = 1_000;
const POINTS = 180;
/** Roll-ups are by the minute: asking more often would show nothing new, ms. */
export const STAGES_MAX_AGE_MS = 5_000;

/** Keeps at hand what the overview shows. */
export class LiveOverview {
  private readonly parts: LiveOverviewParts;
  private readonly accepted = new RecentPoints(POINTS);
  private readonly submitted = new RecentPoints(POINTS);
  private stages: StageFigures | null = null;
  private timers: NodeJS.Timeout[] = [];

  constructor(parts: LiveOverviewParts) {
    this.parts = parts;
  }

  start(): void {
    const onFault = (error: Error) =>
      this.parts.log.every("stages", 30_000).warn({ cause: error.message }, "ClickHouse does not answer the console");
    this.timers = [
      setInterval(() => this.addPoint(), STEP_MS),
      askEvery(STAGES_MAX_AGE_MS, () => this.askStages(), onFault),
    ];
    this.askStages().catch(onFault);
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  show(): Overview {
    const { topics, catalog, history, alerts, answers, now } = this.parts;
    return overview({
      alerts: alerts.counts,
      answers: { kept: answers.hits, asked: answers.misses },
      at: Math.round(now()),
      flowOf: (topic) => topics.of(topic),
      recent: { accepted: this.accepted.all, submitted: this.submitted.all },
      providers: this.providers(),
      stages: this.stages,
      snapshot: catalog.current,
      trouble: catalog.trouble,
      instances: history.instances,
    });
  }

  private providers(): ProviderNow[] {
    const { board, catalog, now } = this.parts;
    return board.show(catalog.current.providers.values(), performance.now(), now());
  }

  private addPoint(): void {
    this.accepted.add(acceptedRate((topic) => this.parts.topics.of(topic)));
    this.submitted.add(submittedRate(this.providers()));
  }

  private async askStages(): Promise<void> {
    const { answers, clickhouse } = this.parts;
    const { value } = await answers.of("stages", STAGES_MAX_AGE_MS, () => stageFigures(clickhouse));
    this.stages = value;
  }
}
