/** `node test/lab/abnormal/traffic-report.ts`: what a simulated month is made of, without anybody looking at it. LAB_FROM (10001): its seed. */
import { installationOf } from "./installation.ts";
import { attacksOn } from "./schedule.ts";
import { judge } from "./score.ts";
import { Simulation } from "./simulation.ts";
import { DAY } from "./traffic.ts";

const seed = Number(process.env.LAB_FROM || 10_001);
const installation = installationOf(seed);
const attacks = attacksOn(installation);
const simulation = new Simulation(installation, attacks);
const days: { messages: number; euros: number; rows: number; receipts: number; told: number }[] = [];
for (const { minute, sent, ranges, ends, told } of simulation.run()) {
  const day = Math.floor(minute / DAY);
  days[day] ??= { messages: 0, euros: 0, rows: 0, receipts: 0, told: 0 };
  const sums = days[day]!;
  for (const { messages, cost } of sent) {
    sums.messages += messages;
    sums.euros += cost / 1e6;
  }
  sums.rows += sent.length + ranges.length + ends.length + told.length;
  for (const { delivered, failed } of ends) sums.receipts += delivered + failed;
  for (const row of told) sums.told += row.told;
}
console.table(days);
const { outcomes } = judge(seed, attacks, simulation.ledgers, []);
console.table(
  outcomes.map(({ attack, messages, cost, material }) => ({
    kind: attack.kind,
    hours: ((attack.until - attack.from) / 60).toFixed(1),
    messages,
    euros: (cost / 1e6).toFixed(0),
    material,
    drawn: attack.told,
  })),
);
