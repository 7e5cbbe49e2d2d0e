import { once } from "node:events";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { commandStatus } from "../../../domain/smpp/command-status.ts";
import { concatenationOf } from "../../../domain/smpp/concatenation.ts";
import type { BindPdu, SubmitSmPdu } from "../../../domain/smpp/pdu.ts";
import type { RequestResult } from "../../../domain/smpp/request-result.ts";
import { SmppSession } from "../../../domain/smpp/session.ts";
import { tlvText } from "../../../domain/smpp/tlv.ts";
import { type Controlled, closeServer, type DarkMode, startControlServer } from "../behaviour/control-server.ts";
import { LastLook } from "../behaviour/last-look.ts";
import { LiveSettings, type SettingsProblem } from "../behaviour/live-settings.ts";
import { chance, type Random, seededRandom } from "../behaviour/random-source.ts";
import { ReferenceLedger } from "../behaviour/reference-ledger.ts";
import { SegmentRate } from "../behaviour/segment-rate.ts";
import type { Simulator } from "../behaviour/simulator-process.ts";
import { TimerWheel } from "../behaviour/timer-wheel.ts";
import { handsetMessageSchema, handsetMessages } from "./handset-message.ts";
import { LinkFaults, noLinkFaults } from "./link-faults.ts";
import { formatMessageId, type Receipt, receiptMessage } from "./receipt.ts";
import { noReceipts, ReceiptOutbox } from "./receipt-outbox.ts";
import { noResponseFaults, ResponseOutbox } from "./response-outbox.ts";
import { type SmscSettings, smscBehaviourSchema } from "./settings.ts";
import { SubmitCounts } from "./submit-counts.ts";
import { decideSubmit, planReceipts, type ReceiptPlan, ruleFor, segmentsOf } from "./submit-decision.ts";

/** How much later than its receipt a response comes that is to be overtaken by it, ms. */
const overtakenByMs = 20;

/** An SMSC that speaks SMPP 3.4, behaves as its settings say, and counts what it received by message reference. */
export class SmscSimulator implements Simulator, Controlled {
  readonly ledger: ReferenceLedger;
  readonly #settings: SmscSettings;
  readonly #behaviour: LiveSettings<typeof smscBehaviourSchema>;
  readonly #random: Random;
  readonly #sessions = new Set<SmppSession>();
  readonly #outboxes = new Map<string, ReceiptOutbox>();
  readonly #responses: ResponseOutbox;
  readonly #links: LinkFaults;
  readonly #receipts: TimerWheel<Receipt>;
  #dark: DarkMode | undefined;
  #server: Server | undefined;
  #lastPort = 0;
  #control: HttpServer | undefined;
  #counts = new SubmitCounts();
  #receiptCounts = noReceipts();
  #receivedRate = new SegmentRate();
  #acceptedRate = new SegmentRate();
  readonly #look = new LastLook();
  #nextReference = 0;
  // Ids go on rising over restarts, and fit 53 bits: seconds since the epoch, and room for a million ids each.
  #nextId = Math.floor(Date.now() / 1_000) * 1_000_000;

  constructor(settings: SmscSettings) {
    this.#settings = settings;
    this.#behaviour = new LiveSettings(smscBehaviourSchema, settings.behaviour);
    this.#random = seededRandom(settings.seed);
    this.ledger = new ReferenceLedger(settings.ledgerCapacity);
    this.#responses = new ResponseOutbox(() => this.#behaviour.current.response, this.#random);
    this.#links = new LinkFaults(() => this.#behaviour.current);
    this.#receipts = new TimerWheel((receipt) => this.#outbox(receipt.systemId).push(receipt), {
      capacity: settings.maxPendingReceipts,
    });
  }

  /** Listens for SMPP and on the control port. */
  async start(): Promise<void> {
    await this.#listen(this.#settings.port);
    this.#control = await startControlServer(this.#settings.host, this.#settings.controlPort, this);
  }

  async stop(): Promise<void> {
    this.#look.stop();
    this.#dropSessions();
    this.#responses.clear();
    this.#receipts.clear();
    await this.#stopListening();
    if (this.#control) await closeServer(this.#control);
  }

  /** The ports in use, which differ from the settings when those say 0. */
  get ports(): { readonly smpp: number; readonly control: number } {
    return { smpp: portOf(this.#server), control: portOf(this.#control) };
  }

  readSettings(): unknown {
    return this.#behaviour.current;
  }

  updateSettings(changes: unknown): readonly SettingsProblem[] {
    return this.#behaviour.update(changes);
  }

  async goDark(mode: DarkMode): Promise<void> {
    this.#dark = mode;
    for (const session of this.#sessions) session.mute(true);
    if (mode === "silent") return this.#listenAgain();
    this.#dropSessions();
    await this.#stopListening();
  }

  cutConnections(): void {
    this.#dropSessions();
  }

  /** Sends unbind on every bind, as a centre does before its maintenance. */
  unbind(): void {
    for (const session of this.#sessions) {
      if (session.state !== "bound") continue;
      this.#links.counts.unbinds++;
      session.unbind();
    }
  }

  async inbound(message: unknown): Promise<{ parts: number } | { problems: SettingsProblem[] }> {
    const read = handsetMessageSchema.safeParse(message);
    if (!read.success)
      return { problems: read.error.issues.map(({ path, message: why }) => ({ path: path.join("."), message: why })) };
    const bind = [...this.#sessions].find(
      ({ state, bindType }) => state === "bound" && bindType !== "bind_transmitter",
    );
    if (bind === undefined) return { problems: [{ path: "", message: "nobody is bound who may receive" }] };
    let parts = 0;
    for (const one of handsetMessages(read.data, this.#nextReference++ & 0xff)) {
      const { promise, resolve } = Promise.withResolvers<RequestResult>();
      if (bind.deliver(one, resolve, undefined) !== "accepted") break;
      const result = await promise;
      if (result.kind !== "response" || result.commandStatus !== commandStatus.ESME_ROK) break;
      parts++;
    }
    return { parts };
  }

  async goLight(): Promise<void> {
    this.#dark = undefined;
    for (const session of this.#sessions) session.mute(false);
    await this.#listenAgain();
    for (const outbox of this.#outboxes.values()) outbox.pump();
  }

  stats(): unknown {
    const now = performance.now();
    const binds = [...this.#sessions].filter(({ state }) => state === "bound");
    return {
      name: this.#settings.name,
      dark: this.#dark ?? null,
      submits: this.#counts,
      responses: this.#responses.counts,
      links: this.#links.counts,
      receipts: {
        ...this.#receiptCounts,
        waitingForTime: this.#receipts.size,
        waitingForBind: [...this.#outboxes.values()].reduce((sum, outbox) => sum + outbox.waiting, 0),
        unacknowledged: binds.reduce((sum, { outstanding }) => sum + outstanding, 0),
      },
      segmentsLastSecond: this.#receivedRate.lastSecond(now),
      peakSegmentsPerSecond: this.#receivedRate.peak,
      binds: binds.map(({ systemId, bindType, anomalies }) => ({ systemId, bindType, anomalies })),
      ledger: { references: this.ledger.references, untracked: this.ledger.untracked },
    };
  }

  reset(): void {
    this.#counts = new SubmitCounts();
    this.#receiptCounts = noReceipts();
    this.#responses.counts = noResponseFaults();
    this.#links.counts = noLinkFaults();
    this.#receivedRate = new SegmentRate();
    this.#acceptedRate = new SegmentRate();
    this.#receipts.clear();
    for (const outbox of this.#outboxes.values()) outbox.clear();
    this.ledger.reset();
  }

  async #listen(port: number): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server = server;
    server.listen(port, this.#settings.host);
    await once(server, "listening");
  }

  async #listenAgain(): Promise<void> {
    if (this.#server !== undefined) return;
    await this.#listen(this.#lastPort);
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#lastPort = portOf(server);
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    await closed;
  }

  #dropSessions(): void {
    for (const session of [...this.#sessions])
      session.destroy({ code: "closed_here", detail: "the simulator drops it" });
  }

  #accept(socket: Socket): void {
    if (this.#dark === "refuse") {
      socket.destroy();
      return;
    }
    const { deliverWindow, ackTimeoutMs, enquireLinkMs } = this.#settings;
    const session: SmppSession = new SmppSession(
      socket,
      { window: deliverWindow, responseTimeoutMs: ackTimeoutMs, enquireLinkMs },
      {
        onBind: (pdu) => this.#bind(pdu, session),
        onSubmit: (pdu) => this.#submit(pdu, session),
        onCapacity: () => this.#outbox(session.systemId).pump(),
        onClose: () => {
          this.#sessions.delete(session);
          this.#outboxes.get(session.systemId)?.removeBind(session);
        },
      },
    );
    if (this.#dark === "silent") session.mute(true);
    this.#sessions.add(session);
  }

  #bind(pdu: BindPdu, session: SmppSession): void {
    if (this.#dark !== undefined) return;
    const account = this.#settings.accounts.find(({ systemId }) => systemId === pdu.systemId);
    let status = this.#links.bindStatus();
    if (status === undefined) return;
    if (account === undefined) status = commandStatus.ESME_RINVSYSID;
    else if (account.password !== pdu.password) status = commandStatus.ESME_RINVPASWD;
    else if (this.#outbox(pdu.systemId).binds.length >= account.maxBinds) status = commandStatus.ESME_RALYBND;
    session.respondBind(pdu, status, this.#settings.name.slice(0, 15));
    if (status !== commandStatus.ESME_ROK) return;
    this.#links.bound(session);
    this.#outbox(pdu.systemId).addBind(session);
  }

  #outbox(systemId: string): ReceiptOutbox {
    let outbox = this.#outboxes.get(systemId);
    if (outbox === undefined) {
      outbox = new ReceiptOutbox(this.#settings.maxPendingReceipts, {
        counts: () => this.#receiptCounts,
        maxAttempts: () => this.#behaviour.current.receipts.maxAttempts,
        open: () => this.#dark === undefined,
        message: (receipt) =>
          receiptMessage(receipt, this.#behaviour.current, this.#settings.clientReferenceTlv, Date.now()),
        retryLater: (receipt) => {
          if (!this.#receipts.schedule(receipt, this.#behaviour.current.receipts.retryMs))
            this.#receiptCounts.overflowed++;
        },
      });
      this.#outboxes.set(systemId, outbox);
    }
    return outbox;
  }

  #submit(pdu: SubmitSmPdu, session: SmppSession): void {
    const behaviour = this.#behaviour.current;
    const now = performance.now();
    const segments = segmentsOf(pdu);
    const rule = behaviour.rules.length > 0 ? ruleFor(behaviour.rules, pdu.destinationAddr) : undefined;
    const decision = decideSubmit(behaviour, rule, segments, this.#acceptedRate.lastSecond(now), this.#random);
    const silentShare = this.#dark !== undefined ? behaviour.dark.acceptShare : this.#links.silentShare(session);
    const silent = silentShare !== undefined;
    const accepted = decision.status === 0 && (!silent || chance(silentShare, this.#random));

    this.#receivedRate.add(now, segments, this.#look.at);
    this.#counts.add(decision, silent, accepted);
    const reference = pdu.tlvs.length > 0 ? tlvText(pdu.tlvs, this.#settings.clientReferenceTlv) : undefined;
    if (reference === undefined || reference === "") this.#counts.unreferenced++;
    else this.ledger.count(reference, concatenationOf(pdu)?.part ?? 1, accepted);

    const { sequence } = pdu;
    if (accepted) {
      this.#acceptedRate.add(now, segments, this.#look.at);
      const { wrapAt } = behaviour.ids;
      const next = this.#nextId++;
      const id = wrapAt > 0 ? (next % wrapAt) + 1 : next;
      const plan = planReceipts(behaviour, rule, pdu.registeredDelivery, this.#random);
      this.#plan(plan, id, pdu, session, reference);
      const messageId = formatMessageId(id, behaviour.ids.response);
      const { unanswered } = this.ledger;
      if (reference !== undefined) unanswered.accepted(reference);
      const onWritten = reference === undefined ? undefined : () => unanswered.answered(reference);
      if (!silent)
        this.#responses.send(
          { session, sequence, status: 0, messageId, onWritten },
          plan.beforeResponse ? overtakenByMs : 0,
          rule?.responseDelay,
        );
    } else if (!silent) {
      this.#responses.send({ session, sequence, status: decision.status, messageId: "" }, 0, rule?.responseDelay);
    }
    if (silent && this.#dark === undefined) this.#links.unanswered(session);
  }

  #plan(plan: ReceiptPlan, id: number, pdu: SubmitSmPdu, session: SmppSession, reference: string | undefined): void {
    if (plan.lost) this.#receiptCounts.lost++;
    const submittedAt = plan.receipts.length > 0 ? Date.now() : 0;
    for (const { state, delayMs } of plan.receipts) {
      this.#receiptCounts.planned++;
      const receipt: Receipt = {
        id,
        state,
        sourceAddrTon: pdu.sourceAddrTon,
        sourceAddrNpi: pdu.sourceAddrNpi,
        sourceAddr: pdu.sourceAddr,
        destAddrTon: pdu.destAddrTon,
        destAddrNpi: pdu.destAddrNpi,
        destinationAddr: pdu.destinationAddr,
        submittedAt,
        reference,
        systemId: session.systemId,
        bind: session,
        onOtherBind: plan.onOtherBind,
        malformed: plan.malformed,
        attempts: 0,
      };
      if (delayMs <= 0) this.#outbox(session.systemId).push(receipt);
      else if (!this.#receipts.schedule(receipt, delayMs)) this.#receiptCounts.overflowed++;
    }
  }
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
