import type { InstanceWord } from "../../../pipeline/control/catalog-log.ts";
import { GONE_MS } from "../../../pipeline/control/catalog-topic.ts";

/** Instances that live and do not work with this version or a newer one. `now`: epoch ms. */
export function behind(instances: ReadonlyMap<string, InstanceWord>, version: number, now: number): InstanceWord[] {
  return living(instances, now).filter((one) => one.version < version);
}

/** Who works with which version, a line each. */
export function instanceTable(instances: ReadonlyMap<string, InstanceWord>, now: number): string {
  const lines = living(instances, now)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, version, trouble }) => {
      const what = version === 0 ? "its own files" : `version ${version}`;
      return `  ${id.padEnd(40)} ${what}${trouble === null ? "" : `; ${trouble}`}`;
    });
  return lines.length === 0 ? "No instance has said that it is there." : lines.join("\n");
}

function living(instances: ReadonlyMap<string, InstanceWord>, now: number): InstanceWord[] {
  return [...instances.values()].filter(({ at }) => now - at <= GONE_MS);
}
