import { performance } from "node:perf_hooks";
import { mayDo } from "../../../../domain/catalog/access-key.ts";
import { commandStatus } from "../../../../domain/smpp/command-status.ts";
import type { CentreRequestPdu, DeliverSmPdu, SubmitSmPdu } from "../../../../domain/smpp/pdu.ts";
import { submitMultiResponseBody, type Unsuccessful } from "../../../../domain/smpp/pdu-encoder.ts";
import { isBefore34 } from "../../../../domain/smpp/server/interface-version.ts";
import { readSubmission } from "../../../../domain/smpp/server/read-submission.ts";
import type { SmppSession } from "../../../../domain/smpp/session.ts";
import type { Account, KnownKey } from "../../access/api-keys.ts";
import type { CentreAnswers } from "./centre-answers.ts";
import type { DoorMetrics } from "./door-metrics.ts";
import type { NamedSubmission, SubmitOutcome } from "./named-submission.ts";
import type { SmppLogin } from "./smpp-accounts.ts";
import type { Submissions } from "./submissions.ts";

export interface BindTerms {
  /** Unanswered requests from which on the socket is not read. */
  readonly window: number;
  /** How long a submission waits for its turn, ms. */
  readonly holdMs: number;
  readonly submissions: Pick<Submissions, "turn" | "accept" | "terms">;
  readonly answers: CentreAnswers;
  readonly metrics: DoorMetrics;
}

/** What a client has bound with. */
export interface BindAsked {
  readonly interfaceVersion: number;
  readonly login: SmppLogin;
}

/** A request that has not been answered. */
interface Pending {
  readonly octets: number;
  /** Monotonic ms. */
  readonly since: number;
}

/** A submission that waits for its turn. */
interface Held extends Pending {
  readonly submission: NamedSubmission;
  readonly answer: (outcome: SubmitOutcome) => void;
  /** Its account's rate has been charged for it: it is tried again for nothing. */
  charged: boolean;
}

/** What a key is told that has not the scope for it. */
const MAY_NOT = {
  query_sm: commandStatus.ESME_RQUERYFAIL,
  cancel_sm: commandStatus.ESME_RCANCELFAIL,
  replace_sm: commandStatus.ESME_RREPLACEFAIL,
} as const;

/** How often it is looked whether the first that waits may go on, ms. */
const LOOK_EVERY_MS = 25;
/** Octets of unanswered requests from which on the socket is not read. */
const MOST_OCTETS = 262_144;
/** What a request takes beside its content, octets, about. */
const REQUEST_OCTETS = 512;

/**
 * One bind of an account: what it submits is answered when it is kept. A submission that has to wait, since the account is above its rate or Kafka
 * takes nothing, is answered late rather than refused: clients such as Jasmin stand still for half a minute after a refusal. Those behind it wait too,
 * in their order, and when as many wait as there is room for, the socket is not read.
 */
export class SmppBind {
  readonly session: SmppSession;
  readonly interfaceVersion: number;
  /** What it was let in by: looked at again when accounts have changed. */
  readonly login: SmppLogin;
  private of: KnownKey;
  private readonly terms: BindTerms;
  private readonly held: Held[] = [];
  private timer: NodeJS.Timeout | undefined;
  private pending = 0;
  private octets = 0;
  private leaving: "peer" | "drain" | undefined;
  /** This side goes, whoever has asked for it first. */
  private draining = false;
  private over = false;

  constructor(session: SmppSession, known: KnownKey, asked: BindAsked, terms: BindTerms) {
    this.session = session;
    this.of = known;
    this.interfaceVersion = asked.interfaceVersion;
    this.login = asked.login;
    this.terms = terms;
  }

  get account(): Account {
    return this.of.account;
  }

  /** This side has asked it to go. */
  get isLeaving(): boolean {
    return this.draining;
  }

  /** What holds from now on: the account's terms as the catalog has them now. */
  goOnAs(known: KnownKey): void {
    this.of = known;
  }

  /** Whether receipts may be delivered on it. */
  get receives(): boolean {
    return this.session.bindType !== "bind_transmitter";
  }

  /** Submissions that wait for their turn. */
  get holding(): number {
    return this.held.length;
  }

  submit(pdu: SubmitSmPdu): void {
    this.take(pdu, ({ status, id }) => this.session.respondSubmit(pdu.sequence, status, id));
  }

  /** data_sm is submit_sm without times; from a bind that only receives it is none. A deliver_sm is nothing that a client sends. */
  deliver(pdu: DeliverSmPdu): void {
    const { session } = this;
    if (pdu.command !== "data_sm" || session.state !== "bound" || session.bindType === "bind_receiver") {
      session.respondDeliver(pdu.sequence, commandStatus.ESME_RINVBNDSTS, pdu.command);
      return;
    }
    this.take({ ...pdu, command: "data_sm" }, ({ status, id }) => {
      const body = status === 0 ? Buffer.from(`${id}\0`, "latin1") : undefined;
      session.respond("data_sm_resp", status, pdu.sequence, body);
    });
  }

  request(pdu: CentreRequestPdu): void {
    if (pdu.command === "submit_multi") {
      this.submitMulti(pdu);
      return;
    }
    const { answers, metrics } = this.terms;
    if (!mayDo(this.of.key, pdu.command === "query_sm" ? "read" : "send")) {
      this.session.respond(`${pdu.command}_resp`, MAY_NOT[pdu.command], pdu.sequence);
      metrics.answered(pdu.command, MAY_NOT[pdu.command], 0);
      return;
    }
    const since = performance.now();
    this.begin({ octets: REQUEST_OCTETS, since });
    answers
      .answer(this.account, pdu)
      .catch(() => ({ status: commandStatus.ESME_RSYSERR }))
      .then(({ status, body }: { status: number; body?: Buffer }) => {
        this.session.respond(`${pdu.command}_resp`, status, pdu.sequence, body);
        metrics.answered(pdu.command, status, (performance.now() - since) / 1_000);
        this.end({ octets: REQUEST_OCTETS, since });
      });
  }

  /** Each destination is a message of its own; they have one id among them when they can, and the answer names those that are not sent to. */
  private submitMulti(pdu: Extract<CentreRequestPdu, { command: "submit_multi" }>): void {
    const { session } = this;
    const { destinations, sequence } = pdu;
    if (destinations.length === 0) {
      session.respond("submit_multi_resp", commandStatus.ESME_RINVNUMDESTS, sequence);
      return;
    }
    const id = this.terms.submissions.terms.newId(this.isOld);
    const failed: Unsuccessful[] = [];
    let left = destinations.length;
    for (const one of destinations) {
      const to = one.kind === "address" ? one : { ton: 0, npi: 0, address: "" };
      const ended = (status: number) => {
        if (status !== 0) failed.push({ ton: to.ton, npi: to.npi, address: to.address, status });
        if (--left > 0) return;
        const none = failed.length === destinations.length;
        const body = none ? undefined : submitMultiResponseBody(id.shown, failed);
        session.respond("submit_multi_resp", none ? failed[0]!.status : 0, sequence, body);
      };
      if (one.kind === "list") ended(commandStatus.ESME_RINVDLNAME);
      else {
        const single = { ...pdu, destAddrTon: to.ton, destAddrNpi: to.npi, destinationAddr: to.address };
        this.take(single, ({ status }) => ended(status), id);
      }
    }
  }

  private get isOld(): boolean {
    return isBefore34(this.interfaceVersion);
  }

  private take(
    pdu: Parameters<typeof readSubmission>[0] & { readonly command: "submit_sm" | "data_sm" | "submit_multi" },
    respond: (outcome: SubmitOutcome) => void,
    id = this.terms.submissions.terms.newId(this.isOld),
  ): void {
    const { submissions, metrics } = this.terms;
    const since = performance.now();
    const { defaultAlphabet, now } = submissions.terms;
    const read = readSubmission(pdu, { defaultAlphabet, interfaceVersion: this.interfaceVersion, now: now() });
    const answer = (outcome: SubmitOutcome) => {
      respond(outcome);
      metrics.answered(pdu.command, outcome.status, (performance.now() - since) / 1_000);
    };
    if (!read.ok) {
      answer({ status: read.status, id: "" });
      return;
    }
    const octets = REQUEST_OCTETS + read.submission.content.octets.length;
    const pending: Held = {
      octets,
      since,
      submission: { ...read.submission, id },
      charged: false,
      answer: (outcome) => {
        answer(outcome);
        this.end(pending);
      },
    };
    this.begin(pending);
    // Those that came before go first.
    if (this.held.length > 0 || !this.start(pending)) this.hold(pending);
  }

  /** False when it is not its turn yet. */
  private start(one: Held): boolean {
    const { submissions } = this.terms;
    if (submissions.turn(this.account, one.charged ? "look" : "charge") !== "now") return false;
    one.charged = true;
    submissions.accept(this.account, one.submission).then(
      (outcome) => {
        if (outcome !== "refused") one.answer(outcome);
        // Kafka takes nothing of it, and it may not be seen before it is tried, as where one partition has no leader: nothing of it was written.
        else if (performance.now() - one.since < this.terms.holdMs) this.hold(one);
        else this.refuse(one, "closed");
      },
      () => one.answer({ status: commandStatus.ESME_RSYSERR, id: "" }),
    );
    return true;
  }

  /** In the order in which they came: one that was tried in vain goes before those behind it. */
  private hold(one: Held): void {
    const before = this.held.findLastIndex(({ since }) => since <= one.since);
    this.held.splice(before + 1, 0, one);
    this.timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    if (this.over || this.draining) this.refuseHeld();
  }

  private look(): void {
    const now = performance.now();
    for (let first = this.held[0]; first !== undefined; first = this.held[0]) {
      const turn = this.terms.submissions.turn(this.account, "look");
      if (turn !== "now" && now - first.since < this.terms.holdMs) return;
      this.held.shift();
      if (turn !== "now") this.refuse(first, turn);
      else if (!this.start(first)) {
        this.held.unshift(first);
        return;
      }
    }
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private refuse(one: Held, turn: "closed" | "throttled"): void {
    const status = turn === "throttled" ? commandStatus.ESME_RTHROTTLED : commandStatus.ESME_RSYSERR;
    one.answer({ status, id: "" });
  }

  private refuseHeld(): void {
    for (const one of this.held.splice(0)) this.refuse(one, "closed");
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private begin({ octets }: Pending): void {
    this.pending++;
    this.octets += octets;
    if (this.isFull) this.session.holdReading(true);
  }

  private end({ octets }: Pending): void {
    this.pending--;
    this.octets -= octets;
    if (this.pending === 0) this.leave();
    if (!this.draining && this.pending <= this.terms.window / 2 && this.octets <= MOST_OCTETS / 2)
      this.session.holdReading(false);
  }

  private get isFull(): boolean {
    return this.pending >= this.terms.window || this.octets >= MOST_OCTETS;
  }

  /** The client has asked to go: it does when it has its answers. */
  peerUnbinds(): void {
    this.leaving = "peer";
    if (this.pending === 0) this.leave();
  }

  /** This side goes: nothing more is read, what is under way is answered, and then the client is told. */
  drain(): void {
    if (this.draining) return;
    this.draining = true;
    // A client that has asked to go before gets the answer to that, and is asked nothing.
    this.leaving ??= "drain";
    this.session.holdReading(true);
    this.refuseHeld();
    if (this.pending === 0) this.leave();
  }

  private leave(): void {
    if (this.leaving === undefined || this.over) return;
    if (this.leaving === "peer") this.session.letPeerGo();
    else {
      this.session.holdReading(false);
      this.session.unbind();
    }
  }

  /** The connection has gone: nobody waits for what was not begun. */
  close(): void {
    this.over = true;
    this.refuseHeld();
  }
}
