import { AbnormalTraffic } from "../../../domain/abnormal/abnormal-traffic.ts";
import type { AttackShape } from "./attack-shape.ts";
import { installationOf } from "./installation.ts";
import { attacksOn } from "./schedule.ts";
import { type AttackOutcome, judge, type LabAlarm } from "./score.ts";
import { Simulation } from "./simulation.ts";
import type { Attack } from "./traffic.ts";

const CURRENCY = "EUR";

export interface Trial {
  readonly outcomes: readonly AttackOutcome[];
  readonly alarms: readonly LabAlarm[];
  readonly falseAlarms: readonly (LabAlarm & { readonly why: string })[];
}

/** One month of one installation before the real watch: with two attacks of each shape, or with none when no shapes are given. */
export function trialOf(seed: number, shapes?: readonly AttackShape[]): Trial {
  const installation = installationOf(seed);
  const attacks: readonly Attack[] = attacksOn(installation, shapes);
  const simulation = new Simulation(installation, attacks);
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
  return { outcomes, alarms: counted, falseAlarms: falseAlarms as (LabAlarm & { why: string })[] };
}
