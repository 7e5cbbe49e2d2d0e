import { parseSource, sourceHeader } from "../../../../platform/kafka/positions.ts";
import { ReadBackMarks } from "../../../../platform/kafka/read-back-mark.ts";
import { headerText, type InRecord } from "../../../../platform/kafka/record.ts";
import type { Task } from "../../../../platform/kafka/task.ts";
import { runTransform, type Transform } from "../../../../platform/kafka/transform.ts";
import { type Owner, SimulatedKafka } from "./simulated-kafka.ts";

export const INPUTS = ["first", "second"];
export const DECISIONS = "decisions";
/** Where the effects of an input's records go. */
export const effectsOf = (input: string): string => `effects-of-${input}`;
/** Some records are decided and lead to nothing. */
export const hasEffect = (offset: number): boolean => offset % 5 !== 3;

interface State {
  e: number;
}

/** A transform that draws lots: deciding a record twice shows. */
export class TransformWorld {
  readonly kafka: SimulatedKafka;
  readonly faults: string[] = [];
  /** The last that an owner was told to be committed. */
  told: readonly number[] = [];
  ended: Promise<void> = Promise.resolve();
  private readonly maxBatch: number;
  private readonly urgentInputs: number;

  constructor(seed: number, maxBatch: number, urgentInputs = 0) {
    this.kafka = new SimulatedKafka(seed, INPUTS.length);
    this.maxBatch = maxBatch;
    this.urgentInputs = urgentInputs;
  }

  add(input: number, value: string): void {
    this.kafka.append({ topic: INPUTS[input]!, partition: 0, key: null, value: Buffer.from(value) });
  }

  start(): Owner {
    const owner = this.kafka.assign(INPUTS);
    this.ended = runTransform(owner.task, this.transform(owner), {
      producer: owner.producer,
      maxBatchPerInput: this.maxBatch,
      urgentInputs: this.urgentInputs,
      idleMs: 50,
    });
    this.ended.catch((error: Error) => this.faults.push(String(error.stack)));
    return owner;
  }

  get finished(): boolean {
    return this.kafka.committed.offsets.every((offset, i) => offset === this.kafka.log(INPUTS[i]!).length);
  }

  private transform(owner: Owner): Transform {
    const { kafka } = this;
    const recorded = new Map<string, string>();
    let next: number[] = [];
    let marks = new ReadBackMarks(0, [0], []);
    return {
      restore: async (task: Task) => {
        const { offsets, state } = task.restored;
        const from = state === "" ? 0 : (JSON.parse(state) as State).e;
        next = [...offsets];
        const inherited = [...offsets];
        await kafka.delay(20);
        for (const record of kafka.log(DECISIONS).slice(from)) {
          const src = headerText(record, "src")!;
          const { topic, offset } = parseSource(src)!;
          const input = INPUTS.indexOf(topic);
          if (offset < offsets[input]!) continue;
          if (!recorded.has(src)) recorded.set(src, record.value!.toString());
          inherited[input] = Math.max(inherited[input]!, offset + 1);
        }
        marks = new ReadBackMarks(0, [from], offsets, inherited);
      },
      dueIn: (record) => Number(headerText(record, "due") ?? 0) - performance.now(),
      process: (record: InRecord, input, out) => {
        if (!owner.task.alive && kafka.owner === owner) this.faults.push("a dead task was given work");
        next[input] = record.offset + 1;
        const src = sourceHeader(record.topic, 0, record.offset);
        const decision = recorded.get(src) ?? String(Math.floor(kafka.random() * 1e9));
        const headers = { src };
        out.decide({ topic: DECISIONS, partition: 0, key: null, value: Buffer.from(decision), headers });
        if (!hasEffect(record.offset)) return;
        out.effect({ topic: effectsOf(record.topic), partition: 0, key: null, value: Buffer.from(decision), headers });
      },
      tick: () => marks.note(performance.now(), next, [kafka.log(DECISIONS).length]),
      state: (offsets) => JSON.stringify({ e: marks.pick(performance.now(), offsets)[0]! } satisfies State),
      committed: (offsets) => {
        this.told = offsets;
        if (offsets.some((offset, i) => offset > kafka.everCommitted[i]!)) this.faults.push("not committed");
      },
    };
  }
}
