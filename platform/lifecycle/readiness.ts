import { errorMessage } from "../errors/sluice-error.ts";

/** The answer of one check. */
export type CheckOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Asks one part of the service whether it can work right now; a throw counts as "no". */
export type ReadinessCheck = () => CheckOutcome | Promise<CheckOutcome>;

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckOutcome>>;
  /** What is not as it should be and does not keep the process from its work, by what it concerns. */
  readonly degraded: Readonly<Record<string, string>>;
}

/** A check slower than this counts as "no", so that a hanging part cannot hang the answer. */
const CHECK_TIMEOUT_MS = 1_000;

/** The named checks behind `/readyz`: a service is ready when every one of them says so. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();
  readonly #notes = new Map<string, () => string | undefined>();

  /** Adds or replaces a check. @returns a function that removes it again. */
  register(name: string, check: ReadinessCheck): () => void {
    this.#checks.set(name, check);
    return () => {
      if (this.#checks.get(name) === check) this.#checks.delete(name);
    };
  }

  /**
   * Adds something that people should see beside the checks and that decides nothing: one of several far ends is down. `why`
   * gives the reason, or undefined while all is well. @returns a function that removes it again.
   */
  note(name: string, why: () => string | undefined): () => void {
    this.#notes.set(name, why);
    return () => {
      if (this.#notes.get(name) === why) this.#notes.delete(name);
    };
  }

  /** Asks every check, at the same time, each within a second. */
  async report(): Promise<ReadinessReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<[string, CheckOutcome]> => [name, await ask(check)]),
    );
    const degraded = [...this.#notes].flatMap(([name, why]) => {
      const reason = why();
      return reason === undefined ? [] : [[name, reason] as const];
    });
    return {
      ready: entries.every(([, outcome]) => outcome.ok),
      checks: Object.fromEntries(entries),
      degraded: Object.fromEntries(degraded),
    };
  }
}

async function ask(check: ReadinessCheck): Promise<CheckOutcome> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = check();
    if (!(answer instanceof Promise)) return answer;
    const tooSlow = new Promise<CheckOutcome>((resolve) => {
      timer = setTimeout(
        () => resolve({ ok: false, why: `no answer within ${CHECK_TIMEOUT_MS} ms` }),
        CHECK_TIMEOUT_MS,
      );
    });
    return await Promise.race([answer, tooSlow]);
  } catch (error) {
    return { ok: false, why: errorMessage(error) };
  } finally {
    clearTimeout(timer);
  }
}
