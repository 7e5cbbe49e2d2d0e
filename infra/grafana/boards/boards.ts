import type { Board } from "../panel.ts";
import { CLICKHOUSE, KAFKA, PIPELINE } from "./system-boards.ts";
import { ACCOUNT, OVERVIEW, PROVIDER, ROUTE } from "./traffic-boards.ts";

/** The boards by the name of their file in infra/grafana/dashboards. */
export const BOARDS: Readonly<Record<string, Board>> = {
  overview: OVERVIEW,
  provider: PROVIDER,
  route: ROUTE,
  account: ACCOUNT,
  pipeline: PIPELINE,
  kafka: KAFKA,
  clickhouse: CLICKHOUSE,
};
