/** A variable that no service reads: the local cluster, its tools and the tests do. */
export interface ToolVariable {
  /** A trailing `*` stands for any ending. */
  readonly name: string;
  readonly default: string;
  readonly meaning: string;
  /** The engine of the local cluster that alone reads it. */
  readonly only?: "native" | "docker";
}

/** What `make up`, `make demo`, the simulators and Docker Compose read. */
export const CLUSTER_VARIABLES: readonly ToolVariable[] = [
  { name: "BROKERS", default: "1", meaning: "Brokers of the local cluster: 1, or 3 with replication factor 3" },
  {
    name: "SLUICE_STATE_DIR",
    default: ".sluice",
    meaning: "Folder of the cluster's data, logs and pid file; its contents may be removed",
    only: "native",
  },
  {
    name: "SLUICE_ARTIFACTS_DIR",
    default: ".sluice/artifacts",
    meaning: "Downloaded Kafka and registry",
    only: "native",
  },
  {
    name: "SLUICE_PORT_OFFSET",
    default: "0",
    meaning: "Added to every port that has no variable of its own; in a catalog, to those of the simulators alone",
  },
  { name: "SLUICE_KAFKA_PORT", default: "19092", meaning: "Port of the first broker; further ones count up" },
  {
    name: "SLUICE_KAFKA_CONTROLLER_PORT",
    default: "19095",
    meaning: "Port of the first KRaft controller; further ones count up",
    only: "native",
  },
  { name: "SLUICE_REGISTRY_PORT", default: "18081", meaning: "Port of the schema registry" },
  { name: "SLUICE_CLICKHOUSE_HTTP_PORT", default: "18123", meaning: "ClickHouse's HTTP port" },
  { name: "SLUICE_CLICKHOUSE_TCP_PORT", default: "19000", meaning: "ClickHouse's native port" },
  {
    name: "SLUICE_CLUSTER_SCOPE",
    default: "all",
    meaning: "all, infra (Kafka, registry, ClickHouse), kafka, or services (on a cluster that runs elsewhere)",
  },
  {
    name: "SLUICE_CLUSTER_ENGINE",
    default: "auto",
    meaning: "auto (Docker Compose when an engine answers), native or docker",
  },
  {
    name: "SLUICE_CLUSTER_CONSOLE",
    default: "on",
    meaning: "off leaves the console away, for measurements",
    only: "native",
  },
  {
    name: "SLUICE_CLUSTER_PROMETHEUS",
    default: "prometheus",
    meaning: "Prometheus's program, which runs with the cluster where there is one; off leaves it away",
    only: "native",
  },
  { name: "SLUICE_PROMETHEUS_PORT", default: "19090", meaning: "Prometheus's port", only: "native" },
  { name: "SLUICE_KAFKA_HEAP", default: "1g", meaning: "Heap of each broker, such as 512m or 2g" },
  { name: "SLUICE_KAFKA_RETENTION_HOURS", default: "168", meaning: "Retention of topics that do not set their own" },
  {
    name: "SLUICE_ANALYTICS_NICENESS",
    default: "10",
    meaning: "0 to 19: how far ClickHouse, analytics-sink and callbacks stand back from messages",
    only: "native",
  },
  { name: "SLUICE_CLICKHOUSE_MEMORY_MIB", default: "2048", meaning: "Memory limit of ClickHouse, MiB", only: "native" },
  {
    name: "SLUICE_EXTERNAL_BROKERS",
    default: "",
    meaning: "With scope services: the brokers, host:port, separated by commas",
  },
  { name: "SLUICE_EXTERNAL_REGISTRY_URL", default: "", meaning: "With scope services: the registry" },
  { name: "SLUICE_EXTERNAL_CLICKHOUSE_URL", default: "", meaning: "With scope services: ClickHouse" },
  {
    name: "SLUICE_SIMULATORS_DIR",
    default: "infra/local/simulators",
    meaning: "Folder with the settings file of each provider simulator",
    only: "native",
  },
  {
    name: "SLUICE_INGEST_PORT",
    default: "18080",
    meaning: "Published port of ingest",
    only: "docker",
  },
  {
    name: "SLUICE_INGEST_SMPP_PORT",
    default: "12770",
    meaning: "Published port of ingest for SMPP clients",
    only: "docker",
  },
  { name: "SLUICE_WEBHOOK_PORT", default: "18090", meaning: "Published port of dlr-collector", only: "docker" },
  { name: "SLUICE_CONSOLE_PORT", default: "18100", meaning: "Published port of the console", only: "docker" },
  {
    name: "SLUICE_CLICKHOUSE_READER_PASSWORD",
    default: "",
    meaning: "Password of ClickHouse's user `reader`; `make up` uses one of its own making",
    only: "docker",
  },
  { name: "SLUICE_PROMETHEUS_PORT", default: "19090", meaning: "Published port of Prometheus", only: "docker" },
  { name: "SLUICE_GRAFANA_PORT", default: "13000", meaning: "Published port of Grafana", only: "docker" },
  { name: "DEMO_MESSAGES", default: "20000", meaning: "Messages of `make demo`" },
  { name: "DEMO_RATE", default: "600", meaning: "Messages a second that `make demo` hands in" },
  { name: "BENCH_SECONDS", default: "60", meaning: "Measured time of `make bench`, seconds" },
];

/** What else may stand in the environment of a service: of simulators, of tests, and of a supervisor. */
export const OTHER_VARIABLES: readonly string[] = [
  "SLUICE_CONFIG_FILE",
  "SLUICE_SIMULATOR_NAME",
  "SLUICE_SIMULATOR_HOST",
  "SLUICE_SIMULATOR_PORT",
  "SLUICE_SIMULATOR_CONTROL_PORT",
  "SLUICE_SIMULATOR_SETTINGS",
  "SLUICE_BACKLOG",
  "SLUICE_TEST_*",
  "SLUICE_FAULTS*",
  "SLUICE_INVARIANT_*",
  "SLUICE_PROPERTY_*",
  "SLUICE_SEED",
];
