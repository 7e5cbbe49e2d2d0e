import { AbnormalTraffic } from "../../../domain/abnormal/abnormal-traffic.ts";
import type { Harmless } from "./harmless-shapes.ts";
import { monthOf } from "./month.ts";
import { type AttackOutcome, judge, type LabAlarm } from "./score.ts";
import type { ShapeSet } from "./shape-sets.ts";

const CURRENCY = "EUR";

export interface Trial {
  readonly outcomes: readonly AttackOutcome[];
  readonly alarms: readonly LabAlarm[];
  readonly falseAlarms: readonly (LabAlarm & { readonly why: string })[];
  /** What happened and was no attack. */
  readonly harmless?: readonly Harmless[];
}

/** One month of one installation before the real watch, with two happenings of each shape that is given. */
export function trialOf(seed: number, shapes?: Partial<ShapeSet>): Trial {
  const { attacks, harmless, simulation } = monthOf(seed, shapes);
  const watch = new AbnormalTraffic();
  const alarms: (LabAlarm & { why: string })[] = [];
  const told = new Set<string>();
  for (const traffic of simulation.run()) {
    const sent = traffic.sent.map((row) => ({ ...row, currency: CURRENCY }));
    const ranges = traffic.ranges.map((row) => ({ ...row, currency: CURRENCY }));
    for (const suspicion of watch.see({ ...traffic, sent, ranges })) {
      if (told.has(suspicion.id)) continue;
      told.add(suspicion.id);
      const { kind, subject, minute, measure, expected, seen, surprise } = suspicion;
      const why = `${measure}: ${seen.toFixed(2)} instead of ${expected.toFixed(2)}, ${surprise.toFixed(0)} nats`;
      alarms.push({ kind, minute, ...subject, why });
    }
  }
  const { outcomes, alarms: counted, falseAlarms } = judge(seed, attacks, simulation.ledgers, alarms);
  return { outcomes, alarms: counted, falseAlarms: falseAlarms as (LabAlarm & { why: string })[], harmless };
}
