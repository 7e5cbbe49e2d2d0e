import { idForms } from "../../domain/receipts/provider-message-id.ts";
import type { Submission } from "./open-message.ts";

/** Open submissions by what a receipt may know of them: the provider's id, or only provider and destination. */
export class SubmissionIndex {
  private readonly byProvider = new Map<string, Map<string, Submission>>();
  /** Submissions in doubt whose ids are not all known, by provider and destination. */
  private readonly doubtful = new Map<string, Submission[]>();

  /** `id` canonical; must be in `submission.ids`. */
  add(submission: Submission, id: string): void {
    let ids = this.byProvider.get(submission.provider);
    if (ids === undefined) {
      ids = new Map();
      this.byProvider.set(submission.provider, ids);
    }
    ids.set(id, submission);
  }

  addDoubtful(submission: Submission, to: string): void {
    const key = doubtKey(submission.provider, to);
    const others = this.doubtful.get(key);
    if (others === undefined) this.doubtful.set(key, [submission]);
    else others.push(submission);
  }

  /**
   * The submission and the part (from 0) that a provider's id belongs to. In another notation (hex for decimal and back)
   * it counts only for the same destination: among many open messages one's 256 is likely to be another's 0x100.
   */
  find(provider: string, id: string, to: string): { submission: Submission; part: number } | undefined {
    const ids = this.byProvider.get(provider);
    if (ids === undefined || ids.size === 0) return undefined;
    const exact = ids.get(id);
    if (exact !== undefined) return { submission: exact, part: exact.ids.indexOf(id) };
    for (const form of idForms(id)) {
      const found = ids.get(form);
      if (found?.message.to === to) return { submission: found, part: found.ids.indexOf(form) };
    }
    return undefined;
  }

  /** The one submission in doubt there; undefined when there is none or more than one. */
  onlyDoubtful(provider: string, to: string): Submission | undefined {
    const found = this.doubtful.get(doubtKey(provider, to));
    return found?.length === 1 ? found[0] : undefined;
  }

  remove(submission: Submission, to: string): void {
    const ids = this.byProvider.get(submission.provider);
    for (const id of submission.ids) if (ids?.get(id) === submission) ids.delete(id);
    this.removeDoubtful(submission, to);
  }

  removeDoubtful(submission: Submission, to: string): void {
    const key = doubtKey(submission.provider, to);
    const others = this.doubtful.get(key);
    if (others === undefined) return;
    const left = others.filter((other) => other !== submission);
    if (left.length === 0) this.doubtful.delete(key);
    else this.doubtful.set(key, left);
  }
}

function doubtKey(provider: string, to: string): string {
  return `${provider}/${to}`;
}
