/**
 * `make abnormal-lab`: how well abnormal traffic is found, in simulated months of simulated installations. Prints each attack, each false
 * alarm, a table, and one line of JSON; exits with 1 when a threshold of thresholds.ts is missed. LAB_SEEDS (6) months with attacks, LAB_QUIET (3)
 * without, LAB_FROM (101) the first seed of both. ABNORMAL_SHAPES=outsider takes the attacks of outsider-shapes.ts instead, and what looks
 * like one and is none (harmless-shapes.ts) in the months without.
 */
import { figures, shapeFigures } from "./figures.ts";
import { type AttackOutcome, belongs } from "./score.ts";
import { shapeSet } from "./shape-sets.ts";
import { REPORT_FROM } from "./thresholds.ts";
import { DAY } from "./traffic.ts";
import { type Trial, trialOf } from "./trial.ts";

const SIMULATED = `Simulated: installations of 20 to 35 accounts and 3 to 5 providers, their traffic of 44 days by the minute (30 count), receipts, conversions,
and two attacks of each shape at any time of them. Real: domain/abnormal, which sees the minutes in order and nothing else.
Attacks below 20 EUR, or with fewer than 500 messages on an altered way, do not count. Tuned on seeds from 10,001 on.`;

const say = (line: string): void => console.error(line);

function tell(seed: number, trial: Trial): void {
  for (const { attack, after, cost, material } of trial.outcomes) {
    const fate = after === undefined ? "NOT FOUND" : `found after ${after} min`;
    say(
      `${seed} ${attack.shape ?? attack.kind}${material ? "" : " (small)"}: ${fate}; ${euros({ cost })} EUR; ${attack.told}`,
    );
  }
  for (const { shape, told, ...happening } of trial.harmless ?? []) {
    const count = trial.falseAlarms.filter((alarm) => belongs(alarm, happening)).length;
    say(`${seed} harmless ${shape}: ${count} false alarms; ${told}`);
  }
  for (const { minute, why, ...alarm } of trial.falseAlarms)
    say(`${seed} FALSE on day ${(minute / DAY).toFixed(2)}: ${JSON.stringify(alarm)}: ${why}`);
}

const euros = ({ cost }: Pick<AttackOutcome, "cost">): string => (cost / 1e6).toFixed(0);

const from = Number(process.env.LAB_FROM || REPORT_FROM);
const months = Number(process.env.LAB_SEEDS || 6);
const quietMonths = Number(process.env.LAB_QUIET || 3);
const { attacks, harmless } = shapeSet(process.env.ABNORMAL_SHAPES);
console.log(SIMULATED);
const run = (count: number, first: number, withAttacks: boolean): Trial[] =>
  Array.from({ length: count }, (_, n) => {
    const trial = trialOf(first + n, withAttacks ? { attacks } : { attacks: [], harmless });
    tell(first + n, trial);
    return trial;
  });
// The quiet months are other installations than the attacked ones.
const attacked = run(months, from, true);
const result = figures(attacked, run(quietMonths, from + months, false));
console.table(Object.fromEntries(result.kinds.map(({ kind, ...row }) => [kind, row])));
const shapes = shapeFigures(attacked.flatMap(({ outcomes }) => outcomes));
if (Object.keys(shapes).length > 0) console.table(shapes);
for (const missed of result.missed) console.log(`MISSED ${missed}`);
console.log(JSON.stringify({ from, months, quietMonths, ...result, shapes }));
process.exitCode = result.missed.length > 0 ? 1 : 0;
