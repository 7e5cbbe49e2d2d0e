import { idForms } from "../../../domain/receipts/provider-message-id.ts";
import { isFinal } from "../../../domain/receipts/receipt-lattice.ts";
import type { Submission } from "./open-message.ts";

/** A part (from 0) of a submission. */
export interface FoundPart {
  readonly submission: Submission;
  readonly part: number;
}

/**
 * Open submissions by what a receipt may know of them: the provider's id together with the destination, or only provider
 * and destination. An id alone names nobody: centres that are restarted, or whose counter wraps, give theirs again.
 */
export class SubmissionIndex {
  /** By provider, then by id; several where an id came again while the older one is open, newest last. */
  private readonly byProvider = new Map<string, Map<string, Submission | readonly Submission[]>>();
  /** Submissions in doubt whose ids are not all known, by provider and destination. */
  private readonly doubtful = new Map<string, Submission[]>();

  /** `id` canonical; must be in `submission.ids`. */
  add(submission: Submission, id: string): void {
    let ids = this.byProvider.get(submission.provider);
    if (ids === undefined) {
      ids = new Map();
      this.byProvider.set(submission.provider, ids);
    }
    const known = ids.get(id);
    ids.set(id, known === undefined ? submission : listOf(known).concat(submission));
  }

  addDoubtful(submission: Submission, to: string): void {
    const key = placeOf(submission.provider, to);
    const others = this.doubtful.get(key);
    if (others === undefined) this.doubtful.set(key, [submission]);
    else others.push(submission);
  }

  /**
   * The part that a provider's id belongs to, in whichever notation it is written (hex for decimal and back). A receipt
   * that was read at `since` (epoch ms) belongs to no submission that was made later.
   */
  find(provider: string, id: string, to: string, since: number): FoundPart | undefined {
    const ids = this.byProvider.get(provider);
    if (ids === undefined || ids.size === 0) return undefined;
    const exact = newest(ids.get(id), id, to, since);
    if (exact !== undefined) return exact;
    const forms = idForms(id);
    for (let i = 1; i < forms.length; i++) {
      const other = newest(ids.get(forms[i]!), forms[i]!, to, since);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** The one submission in doubt there; undefined when there is none or more than one. */
  onlyDoubtful(provider: string, to: string): Submission | undefined {
    const found = this.doubtful.get(placeOf(provider, to));
    return found?.length === 1 ? found[0] : undefined;
  }

  remove(submission: Submission, to: string): void {
    const ids = this.byProvider.get(submission.provider);
    for (const id of submission.ids) {
      const known = ids?.get(id);
      if (known === submission) ids!.delete(id);
      else if (Array.isArray(known)) {
        const left = known.filter((other) => other !== submission);
        ids!.set(id, left.length === 1 ? left[0]! : left);
      }
    }
    this.removeDoubtful(submission, to);
  }

  removeDoubtful(submission: Submission, to: string): void {
    const key = placeOf(submission.provider, to);
    const others = this.doubtful.get(key);
    if (others === undefined) return;
    const left = others.filter((other) => other !== submission);
    if (left.length === 0) this.doubtful.delete(key);
    else this.doubtful.set(key, left);
  }
}

/** Of submissions with one id to one number the newest that still waits for a receipt: the older ones have theirs, or get none. */
function newest(
  known: Submission | readonly Submission[] | undefined,
  id: string,
  to: string,
  since: number,
): FoundPart | undefined {
  if (known === undefined) return undefined;
  let found: FoundPart | undefined;
  for (const submission of listOf(known)) {
    if (submission.message.to !== to || since < submission.notBefore) continue;
    const part = submission.ids.indexOf(id);
    const state = submission.parts[part]?.state;
    if (found === undefined || state === undefined || !isFinal(state)) found = { submission, part };
  }
  return found;
}

function listOf(known: Submission | readonly Submission[]): readonly Submission[] {
  return Array.isArray(known) ? known : [known as Submission];
}

function placeOf(name: string, to: string): string {
  return `${name}/${to}`;
}
