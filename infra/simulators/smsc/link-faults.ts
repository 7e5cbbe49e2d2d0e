import { commandStatus } from "../../../domain/smpp/command-status.ts";
import type { SmppSession } from "../../../domain/smpp/session.ts";
import type { SmscBehaviour } from "./settings.ts";

/** What the faults of `links` did. */
export function noLinkFaults() {
  // quickestCutMs: from the first unanswered submit of a connection to its cut.
  return { bindsUnanswered: 0, bindsRefused: 0, deafBinds: 0, cuts: 0, quickestCutMs: 0, unbinds: 0 };
}

/** Binds that are not answered, or answered and then deaf; and connections that are cut with submits unanswered. */
export class LinkFaults {
  counts = noLinkFaults();
  readonly #settings: () => SmscBehaviour;
  readonly #deaf = new WeakSet<SmppSession>();
  readonly #unanswered = new WeakMap<SmppSession, { count: number; since: number }>();

  constructor(settings: () => SmscBehaviour) {
    this.#settings = settings;
  }

  /** The status that the bind gets instead of 0; undefined: no word at all. */
  bindStatus(): number | undefined {
    const { bind } = this.#settings().links;
    if (bind === "silent") {
      this.counts.bindsUnanswered++;
      return undefined;
    }
    if (bind !== "refuse") return commandStatus.ESME_ROK;
    this.counts.bindsRefused++;
    return commandStatus.ESME_RBINDFAIL;
  }

  /** The bind has been answered with status 0. */
  bound(session: SmppSession): void {
    if (this.#settings().links.bind !== "deaf") return;
    this.counts.deafBinds++;
    this.#deaf.add(session);
    // Behind the response, which leaves at the end of this turn of the event loop.
    setImmediate(() => session.mute(true));
  }

  /** The share of submits on this bind that is taken without a word; undefined where they are answered. */
  silentShare(session: SmppSession): number | undefined {
    const { links, dark } = this.#settings();
    if (this.#deaf.has(session)) return dark.acceptShare;
    return links.cutAt > 0 ? links.cutAcceptShare : undefined;
  }

  /** A submit has gone without response; cuts the connection when that makes enough. */
  unanswered(session: SmppSession): void {
    const { cutAt } = this.#settings().links;
    if (cutAt === 0 || this.#deaf.has(session)) return;
    const unanswered = this.#unanswered.get(session) ?? { count: 0, since: performance.now() };
    this.#unanswered.set(session, unanswered);
    if (++unanswered.count < cutAt) return;
    const ms = Math.round(performance.now() - unanswered.since);
    this.counts.quickestCutMs = this.counts.cuts === 0 ? ms : Math.min(this.counts.quickestCutMs, ms);
    this.counts.cuts++;
    session.destroy({ code: "closed_here", detail: `cut with ${cutAt} submits unanswered` });
  }
}
