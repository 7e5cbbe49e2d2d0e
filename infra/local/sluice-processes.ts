import type { ClusterConfig } from "./cluster-config.ts";
import type { ProcessSpec } from "./process-spec.ts";

/** Sluice's own services and the provider simulators, as processes of the local cluster; they start after `migrate`. */
export function sluiceProcesses(_config: ClusterConfig): ProcessSpec[] {
  return [];
}
