import { ABNORMALITIES, type Abnormality, LEVELS } from "../../../domain/abnormal/suspicion.ts";
import type { MetricRegistry } from "../../../platform/telemetry/metric-registry.ts";
import type { TrafficWatch } from "./traffic-watch.ts";

/** What the watch for abnormal traffic shows: nothing of whom it suspects. Instances that do not watch show zeros. */
export class AbnormalMetrics {
  private watch: TrafficWatch | undefined;
  private readonly begunOf: ReadonlyMap<Abnormality, { add(): void }>;
  private busyBefore = 0;

  /** @param now epoch ms by the brokers' clock */
  constructor(metrics: MetricRegistry, now: () => number) {
    const begun = metrics.counter("abnormal_suspicions_total", { help: "Suspicions of abnormal traffic, by kind" });
    this.begunOf = new Map(ABNORMALITIES.map((kind) => [kind, begun.with({ kind })]));
    metrics.observe(
      "abnormal_open",
      "gauge",
      "Suspicions of abnormal traffic that are not over, by kind and level",
      () => {
        const open = this.watch?.open ?? [];
        return ABNORMALITIES.flatMap((kind) =>
          LEVELS.map((level) => ({
            value: open.filter((one) => one.kind === kind && one.level === level).length,
            labels: { kind, level },
          })),
        );
      },
    );
    metrics.observe(
      "abnormal_behind_seconds",
      "gauge",
      "How long ago the traffic ends that was watched for what is abnormal, in seconds",
      () => (this.watch?.behindMs(now()) ?? 0) / 1_000,
    );
    metrics.observe(
      "abnormal_busy_seconds_total",
      "counter",
      "Time spent on judging traffic, in seconds",
      () => (this.busyBefore + (this.watch?.busyMs ?? 0)) / 1_000,
    );
    metrics.observe(
      "abnormal_keys",
      "gauge",
      "Accounts, countries, ranges and blocks of numbers, senders and ways whose usual traffic is remembered",
      () => this.watch?.traffic.memory().held ?? 0,
    );
  }

  begin(watch: TrafficWatch): void {
    this.watch = watch;
  }

  end(watch: TrafficWatch): void {
    this.busyBefore += watch.busyMs;
    if (this.watch === watch) this.watch = undefined;
  }

  begun(kind: Abnormality): void {
    this.begunOf.get(kind)!.add();
  }
}
