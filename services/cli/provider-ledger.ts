import { ALL, inSlice, type Slice } from "./slice.ts";
import { UuidTable, withRoom } from "./uuid-table.ts";

/** Parts told apart; a message has at most ten. */
const PARTS = 10;
const MAX_COUNT = 255;

/**
 * How often each part of each message was accepted by the providers, all of them together: what really went out,
 * whatever the events say. 34 octets a message of the slice.
 */
export class ProviderLedger {
  readonly #slice: Slice;
  readonly #messages = new UuidTable();
  #accepted = new Uint8Array(0);

  constructor(slice: Slice = ALL) {
    this.#slice = slice;
  }

  get messages(): number {
    return this.#messages.size;
  }

  /** Adds what one provider accepted of one part, counted from 1. References that are no message ids are left out. */
  add(messageId: string, part: number, accepted: number): void {
    const row = inSlice(messageId, this.#slice) ? this.#messages.add(messageId) : -1;
    if (row < 0) return;
    this.#accepted = withRoom(this.#accepted, (row + 1) * PARTS);
    const at = row * PARTS + Math.min(Math.max(part, 1), PARTS) - 1;
    this.#accepted[at] = Math.min(this.#accepted[at]! + accepted, MAX_COUNT);
  }

  /** How often the message went out: the count of its part that went out most often. */
  sent(messageId: string): number {
    const row = this.#messages.find(messageId);
    let most = 0;
    for (let part = 0; row >= 0 && part < PARTS; part++) most = Math.max(most, this.#accepted[row * PARTS + part]!);
    return most;
  }
}

interface LedgerLine {
  readonly reference?: string;
  readonly parts?: readonly { readonly part: number; readonly accepted: number }[];
  readonly end?: boolean;
  readonly complete?: boolean;
}

/**
 * Adds the ledger that a provider (simulator) gives as NDJSON at `<url>/ledger`.
 * @throws Error when it cannot be read, or is not complete: then nothing can be concluded from it.
 */
export async function readProviderLedger(url: string, ledger: ProviderLedger): Promise<void> {
  const response = await fetch(`${url}/ledger`, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok || response.body === null) throw new Error(`${url}/ledger answers ${response.status}`);
  let rest = "";
  let complete = false;
  const take = (line: string) => {
    if (line === "") return;
    const { reference, parts, end, complete: whole } = JSON.parse(line) as LedgerLine;
    if (end === true) complete = whole === true;
    else for (const { part, accepted } of parts ?? []) ledger.add(reference ?? "", part, accepted);
  };
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
  }
  take(rest);
  if (!complete) throw new Error(`${url}/ledger is not complete: references were dropped, or it was reset meanwhile`);
}
