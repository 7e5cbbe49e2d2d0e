import { errorMessage } from "../errors/sluice-error.ts";

/** The answer of one check. */
export type CheckOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Asks one part of the service whether it can work right now; a throw counts as "no". */
export type ReadinessCheck = () => CheckOutcome | Promise<CheckOutcome>;

export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckOutcome>>;
}

/** A check slower than this counts as "no", so that a hanging part cannot hang the answer. */
const CHECK_TIMEOUT_MS = 1_000;

/** The named checks behind `/readyz`: a service is ready when every one of them says so. */
export class Readiness {
  readonly #checks = new Map<string, ReadinessCheck>();

  /** Adds or replaces a check. @returns a function that removes it again. */
  register(name: string, check: ReadinessCheck): () => void {
    this.#checks.set(name, check);
    return () => {
      if (this.#checks.get(name) === check) this.#checks.delete(name);
    };
  }

  /** Asks every check, at the same time, each within a second. */
  async report(): Promise<ReadinessReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]): Promise<[string, CheckOutcome]> => [name, await ask(check)]),
    );
    return { ready: entries.every(([, outcome]) => outcome.ok), checks: Object.fromEntries(entries) };
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
