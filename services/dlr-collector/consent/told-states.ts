import type { ConsentEvent } from "./consent-event.ts";

/** Recipients of one partition that are remembered; the one told of longest ago makes room. */
const MOST = 5_000;

/**
 * What CRMs have been told last, as far as it is remembered. A CRM that answers each word by saying the same again would be told of its own
 * words without end.
 */
export class ToldStates {
  private readonly states = new Map<string, { readonly suppressed: boolean; at: string }>();

  /** Whether it changes what was told, and is not older than that. */
  isNew({ account, number, suppressed, at }: ConsentEvent): boolean {
    const known = this.states.get(`${account}:${number}`);
    if (known === undefined) return true;
    if (known.suppressed !== suppressed) return known.at <= at;
    if (known.at < at) known.at = at;
    return false;
  }

  note({ account, number, suppressed, at }: ConsentEvent): void {
    const key = `${account}:${number}`;
    this.states.delete(key);
    if (this.states.size >= MOST) this.states.delete(this.states.keys().next().value!);
    this.states.set(key, { suppressed, at });
  }

  forget({ account, number }: ConsentEvent): void {
    this.states.delete(`${account}:${number}`);
  }
}
