/** The promises of docs/guarantees.md, each with the test file that holds it. */
export interface PromiseOfSluice {
  readonly number: number;
  readonly title: string;
  /** In test/invariants, without `.test.ts`. */
  readonly file: string;
}

export const PROMISES: readonly PromiseOfSluice[] = [
  { number: 1, title: "Acknowledged is kept", file: "acknowledged-is-kept" },
  { number: 2, title: "No service is special", file: "no-service-is-special" },
  { number: 3, title: "Takeover reads the log", file: "takeover-reads-the-log" },
  { number: 4, title: "Rebalances are harmless", file: "rebalances-are-harmless" },
  { number: 5, title: "Fairness", file: "fairness" },
  { number: 6, title: "Providers misbehave", file: "providers-misbehave" },
  { number: 7, title: "ClickHouse fails", file: "clickhouse-fails" },
  { number: 8, title: "Kafka or the registry is not there", file: "kafka-is-not-there" },
  { number: 9, title: "Bad records", file: "bad-records" },
  { number: 10, title: "Bounded memory", file: "bounded-memory" },
  { number: 11, title: "The clock", file: "clock" },
  { number: 12, title: "Late and repeated answers", file: "late-answers" },
  { number: 13, title: "Decisions survive a change of catalog", file: "catalog-changes" },
  { number: 14, title: "Nothing to who said stop", file: "said-stop" },
  { number: 15, title: "Never over budget", file: "within-budget" },
];
