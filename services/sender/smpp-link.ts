import { type SmppProvider, statusMeaningsOf } from "../../domain/catalog/provider.ts";
import type { SubmitOutcome } from "../../domain/message/submit-outcome.ts";
import { type Acknowledge, SmppClient } from "../../domain/smpp/client.ts";
import {
  type CommandStatusClass,
  classifyCommandStatus,
  commandStatus,
  commandStatusName,
} from "../../domain/smpp/command-status.ts";
import type { DeliverSmPdu, OutgoingShortMessage } from "../../domain/smpp/pdu.ts";
import { SmppEncodeError } from "../../domain/smpp/pdu-encoder.ts";
import type { Anomaly, RequestResult, ResponseResult } from "../../domain/smpp/request-result.ts";
import type { KafkaLog } from "../../platform/kafka/record.ts";
import type { Dispatch } from "../../schemas/generated/types.ts";
import { ConcatenationReferences } from "./concatenation-references.ts";
import type { Link, LinkEvents } from "./link.ts";
import type { RecentSubmissions } from "./recent-submissions.ts";
import type { Submission } from "./submission.ts";
import { submitSmOf } from "./submit-sm.ts";
import { LINK_LOST, RESPONSE_TIMEOUT, type Unit, type UnitResult, WITHDRAWN } from "./unit-result.ts";

/** One submit_sm. */
export interface SmppUnit extends Unit {
  /** The number that it goes to, E.164 digits: the address may have a prefix. */
  readonly to: string;
  readonly message: OutgoingShortMessage;
}

interface Sent {
  readonly submission: Submission<SmppUnit>;
  readonly unit: number;
}

/** Pause after a throttling answer, which in SMPP says nothing of how long, ms. */
const THROTTLE_PAUSE_MS = 250;

export interface SmppLinkOptions {
  readonly provider: SmppProvider;
  readonly log: KafkaLog;
  /** A receipt or an inbound message; the PDU is valid during the call only. */
  readonly onAnomaly?: (kind: Anomaly["kind"]) => void;
  readonly onDeliver: (pdu: DeliverSmPdu, acknowledge: Acknowledge) => void;
  /** Told of the numbers that are submitted, and of the ids that the provider gives for them. */
  readonly submissions?: Pick<RecentSubmissions, "submitting" | "submitted">;
}

/** The binds of this process to one SMSC: up while one of them is bound; the parts of a message share a bind. */
export class SmppLink implements Link<SmppUnit> {
  private readonly options: SmppLinkOptions;
  private readonly meanings: ReadonlyMap<number, CommandStatusClass>;
  private clients: SmppClient[] = [];
  private events: LinkEvents<SmppUnit> | undefined;
  private readonly references = new ConcatenationReferences();

  constructor(options: SmppLinkOptions) {
    this.options = options;
    this.meanings = statusMeaningsOf(options.provider);
  }

  get up(): boolean {
    return this.clients.some((client) => client.state === "bound");
  }

  get room(): number {
    let room = 0;
    for (const client of this.clients) room += client.capacity;
    return room;
  }

  get inFlight(): number {
    let count = 0;
    for (const client of this.clients) count += client.outstanding;
    return count;
  }

  start(events: LinkEvents<SmppUnit>): void {
    this.events = events;
    const { provider, log, onDeliver } = this.options;
    const { smpp } = provider;
    const window = Math.max(1, Math.floor(provider.window / smpp.binds));
    this.clients = Array.from({ length: smpp.binds }, (_, bind) => {
      const about = { provider: provider.id, bind };
      const client: SmppClient = new SmppClient(
        {
          host: smpp.host,
          port: smpp.port,
          bind: { systemId: smpp.systemId, password: smpp.password, systemType: smpp.systemType },
          window,
          responseTimeoutMs: smpp.responseTimeoutMs,
          enquireLinkMs: smpp.enquireLinkMs,
          bindTimeoutMs: smpp.bindTimeoutMs,
        },
        {
          onBound: () => {
            log.info(about, "bound");
            this.events?.onUp();
          },
          onUnbound: (reason) => {
            log.warn({ ...about, reason: reason.code, detail: reason.detail }, "the bind is gone");
            if (!this.up) this.events?.onDown(reason.code);
          },
          onBindFailure: (failure) => {
            log.warn({ ...about, ...failure }, "could not bind");
            if (!this.up) this.events?.onDown(failure.reason);
          },
          onLeaving: (requests) => this.events?.onLeaving(requests) !== false,
          onLateResponse: (result, context) => this.onLate(result, context as Sent),
          onCapacity: () => this.events?.onRoom(),
          onDeliver: (pdu, acknowledge) => onDeliver(pdu, acknowledge),
          onAnomaly: ({ kind, sequence }) => {
            this.options.onAnomaly?.(kind);
            log.debug({ ...about, kind, sequence }, "SMPP anomaly");
          },
        },
      );
      return client;
    });
    for (const client of this.clients) client.start();
  }

  async stop(drainMs: number): Promise<void> {
    const { clients } = this;
    await Promise.all(clients.map((client) => client.stop(drainMs)));
    if (this.clients === clients) this.clients = [];
  }

  prepare(dispatch: Dispatch, now: number): SmppUnit[] | string {
    const { clientReferenceTlv, addresses, defaultAlphabet, validityPeriod, maxValiditySeconds } =
      this.options.provider.smpp;
    const terms = { addresses, defaultAlphabet, validityPeriod, maxValiditySeconds, references: this.references };
    const messages = submitSmOf(dispatch, now, clientReferenceTlv, terms);
    const { to } = dispatch.facts;
    return typeof messages === "string" ? messages : messages.map((message) => ({ weight: 1, to, message }));
  }

  send(submission: Submission<SmppUnit>, unit: number): "sent" | "full" | "invalid" {
    const client = this.clientFor(submission);
    if (client === undefined) return "full";
    try {
      const { message, to } = submission.units[unit]!;
      const admission = client.submit(message, this.onResult, { submission, unit });
      if (admission !== "accepted") return "full";
      this.options.submissions?.submitting(to);
      return "sent";
    } catch (error) {
      if (error instanceof SmppEncodeError) return "invalid";
      throw error;
    }
  }

  /** The bind that carries the message already, while it stands; else the one with most room. */
  private clientFor(submission: Submission<SmppUnit>): SmppClient | undefined {
    const current = this.clients[submission.carrier];
    if (current?.state === "bound") return current;
    let best = -1;
    for (let i = 0; i < this.clients.length; i++) {
      const client = this.clients[i]!;
      if (client.state === "bound" && (best < 0 || client.capacity > this.clients[best]!.capacity)) best = i;
    }
    submission.carrier = best;
    return this.clients[best];
  }

  private readonly onResult = (result: RequestResult, sent: Sent): void => {
    this.remember(result, sent);
    this.events?.onResult(sent.submission, sent.unit, unitResultOf(result, this.meanings));
  };

  /** Whose id this is: receipts may name nothing else. */
  private remember(result: RequestResult, { submission, unit }: Sent): void {
    if (result.kind !== "response" || result.commandStatus !== commandStatus.ESME_ROK) return;
    this.options.submissions?.submitted(submission.units[unit]!.to, result.messageId);
  }

  private onLate(result: ResponseResult, sent: Sent): void {
    this.remember(result, sent);
    this.events?.onLate(sent.submission, sent.unit, unitResultOf(result, this.meanings));
  }
}

const UNANSWERED: UnitResult = { outcome: "in-doubt", code: RESPONSE_TIMEOUT };

/** What the end of one submit_sm means. */
export function unitResultOf(result: RequestResult, meanings?: ReadonlyMap<number, CommandStatusClass>): UnitResult {
  if (result.kind === "timeout") return UNANSWERED;
  if (result.kind === "unanswered") {
    const code = result.reason.code === "withdrawn" ? WITHDRAWN : LINK_LOST;
    if (result.sent === "maybe") return { outcome: "in-doubt", code };
    return { outcome: "unsent", code, stayed: result.sent === "never" };
  }
  if (result.commandStatus === commandStatus.ESME_ROK) return { outcome: "accepted", code: "", id: result.messageId };
  const outcome = outcomeOf(result.commandStatus, meanings);
  const code = commandStatusName(result.commandStatus);
  return outcome === "throttled" ? { outcome, code, pauseMs: THROTTLE_PAUSE_MS } : { outcome, code };
}

function outcomeOf(status: number, meanings?: ReadonlyMap<number, CommandStatusClass>): SubmitOutcome {
  const kind = classifyCommandStatus(status, meanings);
  return kind === "ok" ? "accepted" : kind;
}
