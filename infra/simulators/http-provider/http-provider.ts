import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Controlled, closeServer, type DarkMode, startControlServer } from "../behaviour/control-server.ts";
import { drawDelay } from "../behaviour/delay.ts";
import { LastLook } from "../behaviour/last-look.ts";
import { LiveSettings, type SettingsProblem } from "../behaviour/live-settings.ts";
import { chance, type Random, seededRandom } from "../behaviour/random-source.ts";
import { ReferenceLedger } from "../behaviour/reference-ledger.ts";
import { SegmentRate } from "../behaviour/segment-rate.ts";
import type { Simulator } from "../behaviour/simulator-process.ts";
import { TimerWheel } from "../behaviour/timer-wheel.ts";
import { CallbackOutbox, noCallbacks } from "./callback-outbox.ts";
import { type CallbackPlan, decideMessage, planCallbacks, ruleFor } from "./message-decision.ts";
import { errorBody, type MessageRequest, messageBody, type TwilioError } from "./message-request.ts";
import { type Account, accountsByAuthorization, routeMessage } from "./message-route.ts";
import { type HttpProviderSettings, httpBehaviourSchema } from "./settings.ts";

/** An answer that waits for its time. */
interface PendingAnswer {
  readonly response: ServerResponse;
  readonly status: number;
  readonly body: string;
  readonly retryAfter: number | undefined;
}

/** Bodies beyond this are refused, octets: 1600 characters in percent-encoded UTF-8 and two URLs fit. */
const maxBodyOctets = 65_536;
const tooLarge: TwilioError = { status: 413, code: 20_413, message: "Request too large" };
/** How much later than its callback an answer comes that is to be overtaken by it, ms. */
const overtakenByMs = 50;
/** Answers that may wait for their time; beyond, they go out at once. */
const maxPendingAnswers = 100_000;

/** An HTTP provider with Twilio's Messages contract that behaves as its settings say and counts requests by reference. */
export class HttpProviderSimulator implements Simulator, Controlled {
  readonly ledger: ReferenceLedger;
  readonly #settings: HttpProviderSettings;
  readonly #behaviour: LiveSettings<typeof httpBehaviourSchema>;
  readonly #random: Random;
  /** By the value of the Authorization header. */
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #answers: TimerWheel<PendingAnswer>;
  readonly #callbacks: CallbackOutbox;
  #dark: DarkMode | undefined;
  #server: Server | undefined;
  #control: Server | undefined;
  #lastPort = 0;
  #counts = noRequests();
  #callbackCounts = noCallbacks();
  #receivedRate = new SegmentRate();
  #acceptedRate = new SegmentRate();
  readonly #look = new LastLook();

  constructor(settings: HttpProviderSettings) {
    this.#settings = settings;
    this.#behaviour = new LiveSettings(httpBehaviourSchema, settings.behaviour);
    this.#random = seededRandom(settings.seed);
    this.ledger = new ReferenceLedger(settings.ledgerCapacity);
    this.#accounts = accountsByAuthorization(settings.accounts);
    this.#answers = new TimerWheel((answer) => this.#send(answer), { capacity: maxPendingAnswers });
    this.#callbacks = new CallbackOutbox(
      { connections: settings.callbackConnections, capacity: settings.maxPendingCallbacks },
      {
        counts: () => this.#callbackCounts,
        limits: () => this.#behaviour.current.callbacks,
        open: () => this.#dark === undefined,
      },
    );
  }

  /** Listens for messages and on the control port. */
  async start(): Promise<void> {
    await this.#listen(this.#settings.port);
    this.#control = await startControlServer(this.#settings.host, this.#settings.controlPort, this);
  }

  async stop(): Promise<void> {
    this.#look.stop();
    this.#answers.clear();
    await this.#callbacks.stop();
    await this.#stopListening();
    if (this.#control) await closeServer(this.#control);
  }

  /** The ports in use, which differ from the settings when those say 0. */
  get ports(): { readonly http: number; readonly control: number } {
    return { http: portOf(this.#server), control: portOf(this.#control) };
  }

  readSettings(): unknown {
    return this.#behaviour.current;
  }

  updateSettings(changes: unknown): readonly SettingsProblem[] {
    return this.#behaviour.update(changes);
  }

  async goDark(mode: DarkMode): Promise<void> {
    this.#dark = mode;
    if (mode === "refuse") await this.#stopListening();
    else if (this.#server === undefined) await this.#listen(this.#lastPort);
  }

  cutConnections(): void {
    this.#server?.closeAllConnections();
  }

  async goLight(): Promise<void> {
    this.#dark = undefined;
    if (this.#server === undefined) await this.#listen(this.#lastPort);
    this.#callbacks.pump();
  }

  stats(): unknown {
    const { time, connection, answer } = this.#callbacks.waiting;
    return {
      name: this.#settings.name,
      dark: this.#dark ?? null,
      submits: this.#counts,
      receipts: {
        ...this.#callbackCounts,
        waitingForTime: time,
        waitingForConnection: connection,
        unacknowledged: answer,
      },
      segmentsLastSecond: this.#receivedRate.lastSecond(performance.now()),
      peakSegmentsPerSecond: this.#receivedRate.peak,
      ledger: { references: this.ledger.references, untracked: this.ledger.untracked },
    };
  }

  reset(): void {
    this.#counts = noRequests();
    this.#callbackCounts = noCallbacks();
    this.#receivedRate = new SegmentRate();
    this.#acceptedRate = new SegmentRate();
    this.#callbacks.clear();
    this.ledger.reset();
  }

  async #listen(port: number): Promise<void> {
    const server = createServer({ noDelay: true, keepAliveTimeout: 65_000 }, (request, response) => {
      this.#handle(request, response);
    });
    this.#server = server;
    server.listen(port, this.#settings.host);
    await once(server, "listening");
  }

  async #stopListening(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#lastPort = portOf(server);
    this.#server = undefined;
    await closeServer(server);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let octets = 0;
    request.on("data", (chunk: Buffer) => {
      octets += chunk.length;
      if (octets <= maxBodyOctets) chunks.push(chunk);
    });
    request.on("end", () => {
      this.#counts.received++;
      if (this.#dark !== undefined) this.#counts.whileSilent++;
      const { method, url, headers } = request;
      const post = { method, url, authorization: headers.authorization, body: Buffer.concat(chunks).toString("utf8") };
      const routed = octets > maxBodyOctets ? { error: tooLarge } : routeMessage(post, this.#accounts);
      if ("error" in routed) this.#refuse(response, routed.error);
      else this.#message(routed.message, routed.account, response);
    });
    // A client that breaks off takes its answer with it.
    request.on("error", () => response.destroy());
  }

  #message(message: MessageRequest, account: Account, response: ServerResponse): void {
    const behaviour = this.#behaviour.current;
    const now = performance.now();
    const { segments, statusCallback } = message;
    const rule = ruleFor(behaviour.rules, message.to);
    const error = decideMessage(behaviour, rule, segments, this.#acceptedRate.lastSecond(now), this.#random);
    const silent = this.#dark !== undefined;
    const accepted = error === undefined && (!silent || chance(behaviour.dark.acceptShare, this.#random));

    this.#receivedRate.add(now, segments, this.#look.at);
    const reference = statusCallback?.searchParams.get(this.#settings.referenceParameter);
    if (reference === undefined || reference === null || reference === "") this.#counts.unreferenced++;
    else this.ledger.count(reference, 1, accepted);
    if (accepted && reference) {
      const { unanswered } = this.ledger;
      unanswered.accepted(reference);
      // When it has been handed to a connection that stands.
      response.once("finish", () => unanswered.answered(reference));
    }
    if (!accepted) {
      if (error !== undefined) this.#refuse(response, error);
      return;
    }
    this.#counts.accepted++;
    this.#acceptedRate.add(now, segments, this.#look.at);
    const sid = `SM${randomUUID().replaceAll("-", "")}`;
    const plan = planCallbacks(behaviour, rule, this.#random);
    this.#plan(plan, message, sid, account);
    if (chance(behaviour.response.lostShare, this.#random)) {
      this.#counts.lost++;
      return;
    }
    if (chance(behaviour.response.cutShare, this.#random)) {
      this.#counts.cut++;
      response.destroy();
      return;
    }
    const delay = drawDelay(behaviour.response.delay, this.#random) + (plan.beforeResponse ? overtakenByMs : 0);
    this.#answer(
      { response, status: 201, body: messageBody(message, sid, account.sid, new Date()), retryAfter: undefined },
      delay,
    );
  }

  #plan(plan: CallbackPlan, message: MessageRequest, sid: string, account: Account): void {
    const { statusCallback, statusCallbackText } = message;
    if (statusCallback === undefined) return;
    if (plan.lost) this.#callbackCounts.lost++;
    for (const { status, errorCode, delayMs } of plan.callbacks) {
      this.#callbackCounts.planned++;
      const parameters: Record<string, string> = {
        AccountSid: account.sid,
        ApiVersion: "2010-04-01",
        From: message.from,
        MessageSid: sid,
        MessageStatus: status,
        SmsSid: sid,
        SmsStatus: status,
        To: message.to,
      };
      if (errorCode !== undefined) parameters.ErrorCode = String(errorCode);
      const { authToken } = account;
      this.#callbacks.schedule(
        { url: statusCallback, urlText: statusCallbackText, authToken, parameters, attempts: 0 },
        delayMs,
      );
    }
  }

  #refuse(response: ServerResponse, error: TwilioError): void {
    const { response: timing, rate } = this.#behaviour.current;
    if (this.#dark === undefined) {
      this.#counts.refused++;
      if (error.status === 429) this.#counts.throttled++;
      this.#counts.statuses[error.code] = (this.#counts.statuses[error.code] ?? 0) + 1;
    }
    const retryAfter = error.status === 429 ? rate.retryAfterSeconds : undefined;
    this.#answer(
      { response, status: error.status, body: errorBody(error), retryAfter },
      drawDelay(timing.delay, this.#random),
    );
  }

  #answer(answer: PendingAnswer, delayMs: number): void {
    if (delayMs <= 0 || !this.#answers.schedule(answer, delayMs)) this.#send(answer);
  }

  #send({ response, status, body, retryAfter }: PendingAnswer): void {
    // In the dark no answer leaves, not even one that was under way; its connection stays open.
    if (this.#dark !== undefined || response.destroyed) return;
    const headers: Record<string, string | number> = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    if (retryAfter !== undefined) headers["retry-after"] = retryAfter;
    response.writeHead(status, headers);
    response.end(body);
  }
}

function noRequests() {
  return {
    received: 0,
    accepted: 0,
    refused: 0,
    throttled: 0,
    whileSilent: 0,
    /** Accepted, and the answer was lost; accepted, and the connection was cut instead. */
    lost: 0,
    cut: 0,
    unreferenced: 0,
    /** Refusals by Twilio error code. */
    statuses: {} as Record<string, number>,
  };
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
