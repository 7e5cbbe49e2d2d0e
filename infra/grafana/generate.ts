/** `make dashboards`: writes infra/grafana/dashboards from infra/grafana/boards. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BOARDS } from "./boards/boards.ts";
import { dashboardJson } from "./dashboard-json.ts";

for (const [name, board] of Object.entries(BOARDS))
  writeFileSync(join(import.meta.dirname, "dashboards", `${name}.json`), dashboardJson(board));
