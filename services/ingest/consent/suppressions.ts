import { performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type ConsentSource, type ConsentWord, isRecipientsStop } from "../../../domain/consent/consent-word.ts";
import { destinationForms } from "../../../domain/numbers/destination.ts";
import { type ConsentCopy, consentRecord } from "../../../pipeline/follow/consent-copy.ts";
import type { Codec } from "../../../platform/codec/codec.ts";
import { partitionFor } from "../../../platform/kafka/murmur2.ts";
import type { Consent } from "../../../schemas/generated/types.ts";
import type { DeadlineWriter, WriteOutcome } from "../acceptance/deadline-writer.ts";
import type { Account } from "../access/api-keys.ts";
import type { SuppressionWord } from "./read-suppressions.ts";

export interface SuppressionsOptions {
  readonly codec: Codec<Consent>;
  /** Of sms.consent. */
  readonly partitions: number;
  readonly writer: Pick<DeadlineWriter, "open" | "write">;
  readonly copy: Pick<ConsentCopy, "optOut" | "word" | "wordsOf" | "caughtUp">;
  /** Epoch ms by the brokers' clock. */
  readonly now: () => number;
}

/** How one recipient stands with an account. */
export interface SuppressionState {
  readonly destination: string;
  /** The word by which nothing goes to them; undefined: none. */
  readonly optOut: ConsentWord | undefined;
  /** The account's own last word of them. */
  readonly own: ConsentWord | undefined;
}

/** What recipients have said themselves, by destination. */
export interface SaidByRecipients {
  readonly said: ReadonlyMap<string, ConsentWord>;
  /** False where this process's copy of the recipient's partition is not at the log's end, and a stop would count. */
  readonly isKnown: (word: SuppressionWord) => boolean;
}

export interface SuppressionPage {
  readonly entries: readonly { readonly destination: string; readonly word: ConsentWord }[];
  /** Where the next one begins; undefined: there is none. */
  readonly next: string | undefined;
}

/** A look-up waits so long for what stands in the log at its moment, ms. */
const CATCH_UP_MS = 3_000;
/** Look-ups between two turns of the event loop. */
const WORDS_A_TURN = 500;
const CURSOR = /^(\d{1,4})(?:-(\d{1,15}))?$/;

/** What accounts say of their recipients, for every door: written to sms.consent, and looked up in this process's copy of it. */
export class Suppressions {
  readonly #options: SuppressionsOptions;

  constructor(options: SuppressionsOptions) {
    this.#options = options;
  }

  /** Epoch ms. */
  now(): number {
    return this.#options.now();
  }

  /** False while Kafka takes nothing; asked before a body is read. */
  open(): boolean {
    return this.#options.writer.open(performance.now());
  }

  /** `unknown`: Kafka has not answered in time; to say it again does no harm. */
  say({ id }: Account, words: readonly SuppressionWord[], source: ConsentSource): Promise<WriteOutcome> {
    const { codec, partitions, writer } = this.#options;
    const records = words.flatMap(({ destination, state, at }) =>
      destinationForms(destination).map((form) =>
        consentRecord(codec, partitions, { accountId: id, destination: form, state, source, at }),
      ),
    );
    return writer.write(records, performance.now());
  }

  /**
   * What the recipients of these words have said themselves, where that is the last word between them and the account: a stop, which the account's words do not
   * change unless it may lift that, or a start.
   */
  async saidByRecipients({ id, optOut }: Account, words: readonly SuppressionWord[]): Promise<SaidByRecipients> {
    const { copy, partitions } = this.#options;
    const partitionOf = ({ destination }: SuppressionWord) => partitionFor(destination, partitions);
    const said = new Map<string, ConsentWord>();
    const lifts = optOut?.liftedByAccount === true;
    const asked = lifts ? [] : [...new Set(words.map(partitionOf))];
    const complete = await Promise.all(asked.map((partition) => this.#caughtUp(partition)));
    const unread = new Set(asked.filter((_, i) => !complete[i]));
    for (const [i, word] of words.entries()) {
      const last = unread.has(partitionOf(word)) ? undefined : copy.word(id, word.destination);
      if (last?.source === "keyword" && !(lifts && isRecipientsStop(last))) said.set(word.destination, last);
      if (i % WORDS_A_TURN === WORDS_A_TURN - 1) await nextTurn();
    }
    return { said, isKnown: (word) => !unread.has(partitionOf(word)) };
  }

  /** The word by which nothing goes to them, as far as this process knows at this moment: a later one counts where the message is routed. */
  knownOptOut({ id }: Account, destination: string): ConsentWord | undefined {
    return this.#options.copy.optOut(id, destination);
  }

  /** How a recipient stands; undefined where this process's copy is not at the log's end. */
  async find({ id }: Account, destination: string): Promise<SuppressionState | undefined> {
    const { copy, partitions } = this.#options;
    if (!(await this.#caughtUp(partitionFor(destination, partitions)))) return undefined;
    return { destination, optOut: copy.optOut(id, destination), own: copy.word(id, destination) };
  }

  /** The account's suppressed recipients from a place on; undefined where the copy is not at the log's end. `invalid`: no such place. */
  async list(
    { id }: Account,
    after: string | undefined,
    limit: number,
  ): Promise<SuppressionPage | "invalid" | undefined> {
    const { copy, partitions } = this.#options;
    const [, first = "0", from = ""] = after === undefined ? ["", "0", ""] : (CURSOR.exec(after) ?? ["", "-1"]);
    let partition = Number(first);
    if (!(partition >= 0 && partition < partitions)) return "invalid";
    const entries: { destination: string; word: ConsentWord }[] = [];
    let start = from;
    // Looked through at most ten times what is answered: those that have opted in again are left out.
    for (let looked = 0; partition < partitions && looked < limit * 10; ) {
      if (!(await this.#caughtUp(partition))) return undefined;
      const most = limit - entries.length;
      const found = await copy.wordsOf(id, partition, { after: start, limit: most });
      looked += Math.max(1, found.length);
      entries.push(...found.filter(({ word }) => word.state === "opted_out"));
      if (found.length < most) [partition, start] = [partition + 1, ""];
      else start = found.at(-1)!.destination;
      if (entries.length >= limit) break;
    }
    if (partition >= partitions) return { entries, next: undefined };
    return { entries, next: start === "" ? `${partition}` : `${partition}-${start}` };
  }

  async #caughtUp(partition: number): Promise<boolean> {
    const wanted = { alive: true };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, CATCH_UP_MS, false);
    });
    try {
      return await Promise.race([this.#options.copy.caughtUp(partition, wanted), late]);
    } catch {
      // Kafka does not say where the log ends.
      return false;
    } finally {
      wanted.alive = false;
      clearTimeout(timer);
    }
  }
}
