import { demoNumber } from "./demo-numbers.ts";
import { type DemoLane, demoText } from "./demo-texts.ts";
import { pickByWeight, seededRandom } from "./seeded-random.ts";

/** A message as a customer's program has it. */
export interface DemoMessage {
  /** Place in the run, from 0. */
  readonly index: number;
  readonly account: "acme" | "nordbank";
  readonly lane: DemoLane;
  /** E.164 with the plus. */
  readonly to: string;
  readonly from: string;
  readonly text: string;
  readonly reference: string;
}

const LANES: readonly (readonly [DemoLane, number])[] = [
  ["otp", 30],
  ["transactional", 50],
  ["marketing", 20],
];

/** `count` messages, the same for the same seed. Nordbank sends one-time passwords, Acme the rest and some of those. */
export function* demoMessages(seed: number, count: number): Generator<DemoMessage> {
  const random = seededRandom(seed);
  for (let index = 0; index < count; index++) {
    const lane = pickByWeight(LANES, random);
    const account = lane === "otp" && random() < 0.7 ? "nordbank" : "acme";
    const from = account === "nordbank" ? "Nordbank" : "Acme";
    const reference = `order-${seed}-${index}`;
    yield { index, account, lane, to: demoNumber(random), from, text: demoText(lane, random), reference };
  }
}
