import type { Socket } from "node:net";
import { type BindCommand, type CommandName, commandName, isResponseId } from "./command-id.ts";
import { commandStatus, commandStatusName } from "./command-status.ts";
import { LateRequests } from "./late-requests.ts";
import { type LinkRequest, LinkRequests } from "./link-requests.ts";
import type { BindPdu, CentreRequestPdu, DeliverSmPdu, OutgoingBind, OutgoingShortMessage, Pdu } from "./pdu.ts";
import { type DecodeFailure, decodePdu } from "./pdu-decoder.ts";
import { pduOf, shortMessageOctets } from "./pdu-encoder.ts";
import { defaultMaxPduOctets, PduFramer } from "./pdu-framer.ts";
import {
  type Admission,
  type Anomaly,
  type AnomalyCounts,
  type CloseReason,
  noAnomalies,
  type RequestResult,
} from "./request-result.ts";
import { RequestWindow } from "./request-window.ts";
import type { SessionHandlers, SessionOptions, SessionState } from "./session-types.ts";
import { SocketWriter } from "./socket-writer.ts";
import type { OutgoingTlv } from "./tlv.ts";

/** A submit_sm or deliver_sm in the window. */
interface WindowRequest {
  readonly command: "submit_sm" | "deliver_sm";
  readonly onResult: (result: RequestResult, context: unknown) => void;
  readonly context: unknown;
  /** The writer's count of batches when it was encoded: while it stands there, no octet has left. */
  readonly write: number;
}

/** How long an ended socket may take to write its last octets, ms. */
const lingerMs = 2_000;
const PEER_UNBOUND: CloseReason = { code: "peer_unbound", detail: "the peer unbound" };

// Longer than most files here: a connection is one state machine, and taking it apart would hide the order of its steps.

/**
 * One SMPP 3.4 connection, client's or server's side. PDUs of one turn of the event loop leave in one socket write; one timer
 * serves all time-outs; every admitted request gets exactly one result, by callback, without a promise.
 */
export class SmppSession {
  state: SessionState = "open";
  /** How the session is bound; undefined before. */
  bindType: BindCommand | undefined;
  /** The system_id of the bound ESME, as its bind gave it. */
  systemId = "";
  readonly anomalies: AnomalyCounts = noAnomalies();

  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #handlers: SessionHandlers<SmppSession>;
  readonly #now: () => number;
  readonly #framer: PduFramer;
  readonly #window: RequestWindow<WindowRequest>;
  readonly #late = new LateRequests<WindowRequest>();
  readonly #link = new LinkRequests();
  readonly #writer: SocketWriter;
  readonly #sweepTimer: NodeJS.Timeout;
  #refused = false;
  /** When the last whole PDU came. Octets alone prove nothing: a wrong command_length swallows all PDUs behind it. */
  #lastReceived: number;
  #heard = false;
  #isClient = false;
  /** Since when a PDU has been waited for to become whole. */
  #partialSince: number | undefined;
  /** Sequence number of the peer's unbind, while requests of ours are still unanswered. */
  #peerUnbind: number | undefined;
  #readingHeld = false;

  /** Takes over a connected socket. Server: wait for onBind. Client: call bind. */
  constructor(socket: Socket, options: SessionOptions, handlers: SessionHandlers<SmppSession>) {
    this.#socket = socket;
    this.#options = options;
    this.#handlers = handlers;
    this.#now = options.now ?? (() => performance.now());
    this.#framer = new PduFramer(options.maxPduOctets ?? defaultMaxPduOctets);
    this.#window = new RequestWindow(options.window);
    this.#writer = new SocketWriter(
      socket,
      () => this.#offerCapacity(),
      (requests) => handlers.onLeaving?.(requests) !== false,
      (batch) => this.#handBack(batch),
    );
    this.#lastReceived = this.#now();
    const shortest = Math.min(options.responseTimeoutMs, options.enquireLinkMs || options.responseTimeoutMs);
    this.#sweepTimer = setInterval(() => this.#sweep(), Math.min(500, Math.max(10, shortest / 10)));
    this.#sweepTimer.unref();
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.#finish({ code: "socket_error", detail: error.message }));
    socket.on("end", () => this.#finish({ code: "peer_closed", detail: "the peer closed the connection" }));
    socket.on("close", () => this.#finish({ code: "peer_closed", detail: "the connection was closed" }));
  }

  /** Requests without a response yet. */
  get outstanding(): number {
    return this.#window.size;
  }

  /** Requests that may be sent before the window is full. */
  get windowFree(): number {
    return this.#window.capacity - this.#window.size;
  }

  /** False while the socket does not take more octets; requests are refused with `blocked` meanwhile. */
  get writable(): boolean {
    return !this.#writer.blocked && this.state !== "closed";
  }

  /**
   * Client side: sends a submit_sm. When `accepted`, `onResult(result, context)` is called exactly once, never within
   * this call. Passing one function and a context object spares a closure a message.
   * Throws SmppEncodeError when a field can not be sent; nothing has happened then.
   */
  submit<C>(
    message: OutgoingShortMessage,
    onResult: (result: RequestResult, context: C) => void,
    context: C,
  ): Admission {
    return this.#request("submit_sm", message, onResult as WindowRequest["onResult"], context);
  }

  /** Server side: sends a deliver_sm; as submit. */
  deliver<C>(
    message: OutgoingShortMessage,
    onResult: (result: RequestResult, context: C) => void,
    context: C,
  ): Admission {
    return this.#request("deliver_sm", message, onResult as WindowRequest["onResult"], context);
  }

  /** Answers a submit_sm. `messageId` is sent only with status 0 (section 4.4.2). */
  respondSubmit(sequence: number, status: number, messageId: string, tlvs?: readonly OutgoingTlv[]): void {
    if (status !== 0 && tlvs === undefined) this.#writer.header("submit_sm_resp", status, sequence);
    else this.#writer.textResponse("submit_sm_resp", status, sequence, messageId, tlvs);
  }

  /** Answers a deliver_sm or data_sm: 0 when it is kept, ESME_RX_T_APPN to get it again, ESME_RX_P_APPN to refuse it. */
  respondDeliver(sequence: number, status: number, command: DeliverSmPdu["command"] = "deliver_sm"): void {
    this.#writer.textResponse(`${command}_resp`, status, sequence, "");
  }

  /** Answers a request that may have any body, or none. */
  respond(command: CommandName, status: number, sequence: number, body?: Uint8Array): void {
    if (body === undefined) this.#writer.header(command, status, sequence);
    else this.#writer.raw(pduOf(command, status, sequence, body));
  }

  /** Stops reading, for as long as the owner has no room for more requests; or goes on. The peer's silence is not counted meanwhile. */
  holdReading(held: boolean): void {
    if (this.#readingHeld && !held) this.#lastReceived = this.#now();
    this.#readingHeld = held;
    this.#writer.holdReading(held);
  }

  /** Server side: the peer that has asked to go has all its answers, and may. */
  letPeerGo(): void {
    this.#goWithPeer();
  }

  /** Server side: answers a bind; status 0 makes the session bound, any other closes it. */
  respondBind(pdu: BindPdu, status: number, smscSystemId: string, tlvs?: readonly OutgoingTlv[]): void {
    if (this.state !== "open") return;
    this.#writer.textResponse(`${pdu.command}_resp`, status, pdu.sequence, status === 0 ? smscSystemId : "", tlvs);
    if (status !== 0) {
      this.close({ code: "bind_refused", detail: commandStatusName(status) });
      return;
    }
    this.state = "bound";
    this.bindType = pdu.command;
    this.systemId = pdu.systemId;
  }

  /**
   * Client side: binds. `onEnd` gets the command_status, or `timeout`; with status 0 the session is bound. When the
   * connection ends first, only onClose tells. Throws SmppEncodeError when a field can not be sent.
   */
  bind(command: BindCommand, bind: OutgoingBind, timeoutMs: number, onEnd: (status: number | "timeout") => void): void {
    this.#isClient = true;
    const sequence = this.#window.nextSequence();
    this.#writer.bind(command, sequence, bind);
    const ended = (status: number | "timeout"): void => {
      if (status === 0 && this.state === "open") {
        this.state = "bound";
        this.bindType = command;
        this.systemId = bind.systemId;
      }
      onEnd(status);
    };
    this.#link.open(sequence, { command, deadline: this.#now() + timeoutMs, onEnd: ended });
  }

  /** Sends unbind and closes when it is answered, or after the response time-out. New requests are refused from now on. */
  unbind(): void {
    if (this.state === "closed" || this.state === "unbinding") return;
    if (this.state === "open") {
      this.close({ code: "closed_here", detail: "closed before it was bound" });
      return;
    }
    this.state = "unbinding";
    this.#sendLink("unbind", () => this.close({ code: "unbound", detail: "unbound at our request" }));
  }

  /** Writes what is pending and ends the connection; unanswered requests are handed back at once. */
  close(reason: CloseReason): void {
    this.#writer.flush();
    this.#finish(reason);
  }

  /** Drops the connection at once, losing what was not yet written. */
  destroy(reason: CloseReason): void {
    this.#socket.destroy();
    this.#finish(reason);
  }

  /** Fault injection for simulators: a muted session reads on and reports, but nothing it writes leaves. */
  mute(muted: boolean): void {
    this.#writer.muted = muted;
  }

  /** Fault injection for simulators: octets that need not be a PDU, between the PDUs of this side. */
  writeRaw(octets: Uint8Array): void {
    this.#writer.raw(octets);
  }

  #request(
    command: "submit_sm" | "deliver_sm",
    message: OutgoingShortMessage,
    onResult: WindowRequest["onResult"],
    context: unknown,
  ): Admission {
    if (this.state !== "bound") return "not_bound";
    if (this.bindType === (command === "submit_sm" ? "bind_receiver" : "bind_transmitter")) return "not_bound";
    if (this.#writer.blocked || this.#window.full) {
      this.#refused = true;
      return this.#writer.blocked ? "blocked" : "window_full";
    }
    const octets = shortMessageOctets(message);
    const request: WindowRequest = { command, onResult, context, write: this.#writer.writes };
    const sequence = this.#window.open(request, this.#now() + this.#options.responseTimeoutMs);
    if (this.#late.size > 0) this.#late.delete(sequence);
    this.#writer.shortMessage(command, octets, sequence, message);
    return "accepted";
  }

  #sendLink(command: "enquire_link" | "unbind", onEnd: LinkRequest["onEnd"]): void {
    const sequence = this.#window.nextSequence();
    this.#link.open(sequence, { command, deadline: this.#now() + this.#options.responseTimeoutMs, onEnd });
    this.#writer.header(command, 0, sequence);
  }

  #offerCapacity(): void {
    if (!this.#refused || this.#writer.blocked || this.#window.full || this.state !== "bound") return;
    this.#refused = false;
    this.#handlers.onCapacity?.(this);
  }

  #receive(chunk: Buffer): void {
    if (this.state === "closed") return;
    this.#heard = false;
    let badLength: number | undefined;
    try {
      badLength = this.#framer.push(chunk, this.#onFrame);
    } catch (error) {
      // A fault of ours in handling one peer's octets ends this link, and not the process with the links of all others.
      this.destroy({ code: "fault", detail: error instanceof Error ? error.message : String(error) });
      return;
    }
    this.#noteProgress(this.#now());
    if (badLength !== undefined) {
      this.#writer.header("generic_nack", commandStatus.ESME_RINVCMDLEN, 0);
      const detail = `command_length ${badLength} is outside 16 to ${this.#options.maxPduOctets ?? defaultMaxPduOctets}`;
      this.close({ code: "framing_lost", detail });
      return;
    }
    this.#offerCapacity();
  }

  #noteProgress(now: number): void {
    if (this.#heard) this.#lastReceived = now;
    if (!this.#framer.partial) this.#partialSince = undefined;
    else if (this.#heard || this.#partialSince === undefined) this.#partialSince = now;
  }

  readonly #onFrame = (buffer: Buffer, start: number, end: number): boolean => {
    this.#heard = true;
    const decoded = decodePdu(buffer, start, end);
    if (decoded.ok) {
      const { pdu, flaw } = decoded;
      if (flaw !== undefined) this.#report("malformed_pdu", pdu.sequence, `${pdu.command}: ${flaw}`);
      this.#handle(pdu);
    } else {
      const kind = decoded.nackStatus === commandStatus.ESME_RINVCMDID ? "unknown_command" : "malformed_pdu";
      this.#report(kind, decoded.sequence, decoded.reason);
      // A response is never answered: two peers would nack each other for ever.
      if (!isResponseId(decoded.commandId)) this.#refuse(decoded);
    }
    return (this.state as SessionState) !== "closed";
  };

  /**
   * A request that cannot be read. generic_nack is for a header that is wrong (4.3.1); a centre may repeat without end what is only
   * nacked, so what it delivers gets its own response.
   */
  #refuse({ commandId, nackStatus, sequence }: DecodeFailure): void {
    const command = commandName(commandId);
    if (command === "deliver_sm" || command === "data_sm")
      this.#writer.textResponse(`${command}_resp`, commandStatus.ESME_RX_P_APPN, sequence, "");
    else this.#writer.header("generic_nack", nackStatus, sequence);
  }

  #handle(pdu: Pdu): void {
    switch (pdu.command) {
      case "submit_sm_resp":
      case "deliver_sm_resp":
        this.#endRequest(pdu.sequence, pdu.command, pdu.commandStatus, pdu.messageId);
        break;
      case "submit_sm":
        if (this.state === "bound" && this.bindType !== "bind_receiver" && this.#handlers.onSubmit) {
          this.#handlers.onSubmit(pdu, this);
        } else this.#writer.header("submit_sm_resp", commandStatus.ESME_RINVBNDSTS, pdu.sequence);
        break;
      case "deliver_sm":
      case "data_sm":
        // While we unbind, receipts still come: they may be kept and acknowledged until the link is down.
        if (this.state !== "open" && this.#handlers.onDeliver) this.#handlers.onDeliver(pdu, this);
        else this.respondDeliver(pdu.sequence, commandStatus.ESME_RINVBNDSTS, pdu.command);
        break;
      case "query_sm":
      case "cancel_sm":
      case "replace_sm":
      case "submit_multi":
        this.#handleRequest(pdu);
        break;
      case "outbind":
      case "alert_notification":
        // Neither has a response (4.1.7, 4.12); we are bound already, and wait for no handset.
        break;
      case "bind_receiver":
      case "bind_transmitter":
      case "bind_transceiver":
        if (this.state === "open" && this.#handlers.onBind) this.#handlers.onBind(pdu, this);
        else this.#writer.header(`${pdu.command}_resp`, commandStatus.ESME_RALYBND, pdu.sequence);
        break;
      case "enquire_link":
        this.#writer.header("enquire_link_resp", 0, pdu.sequence);
        break;
      case "unbind":
        this.#peerUnbinds(pdu.sequence);
        break;
      case "generic_nack":
        if (this.#link.has(pdu.sequence)) this.#endLink(pdu.sequence, pdu.command, pdu.commandStatus);
        else this.#endRequest(pdu.sequence, pdu.command, pdu.commandStatus, "");
        break;
      default:
        this.#endLink(pdu.sequence, pdu.command, pdu.commandStatus);
    }
  }

  #handleRequest(pdu: CentreRequestPdu): void {
    if (this.#handlers.onRequest === undefined)
      this.#writer.header("generic_nack", commandStatus.ESME_RINVCMDID, pdu.sequence);
    else if (this.state !== "bound" || this.bindType === "bind_receiver")
      this.#writer.header(`${pdu.command}_resp`, commandStatus.ESME_RINVBNDSTS, pdu.sequence);
    else this.#handlers.onRequest(pdu, this);
  }

  #endRequest(sequence: number, command: CommandName, status: number, messageId: string): void {
    const waiting = this.#window.peek(sequence);
    if (waiting === undefined) {
      const detail = `${command} ${commandStatusName(status)} ${messageId}`;
      if (this.#endLate(sequence, command, status, messageId)) this.#report("late_response", sequence, detail);
      else {
        const correlation = this.#window.correlate(sequence);
        this.#report(`${correlation === "pending" ? "unknown" : correlation}_response`, sequence, detail);
      }
      return;
    }
    if (command !== "generic_nack" && command !== `${waiting.command}_resp`) {
      this.#report("mismatched_response", sequence, `${command} answers a ${waiting.command}`);
      return;
    }
    this.#window.close(sequence);
    if (this.#peerUnbind !== undefined && status === commandStatus.ESME_RINVBNDSTS)
      waiting.onResult({ kind: "unanswered", reason: PEER_UNBOUND, sent: "refused" }, waiting.context);
    else waiting.onResult({ kind: "response", commandStatus: status, messageId }, waiting.context);
    this.#letPeerGo();
  }

  /** True when it answers a request that has timed out: once, since a second answer says nothing more. */
  #endLate(sequence: number, command: CommandName, commandStatus: number, messageId: string): boolean {
    const late = this.#late.peek(sequence);
    if (late === undefined || (command !== "generic_nack" && command !== `${late.command}_resp`)) return false;
    this.#late.delete(sequence);
    this.#handlers.onLateResponse?.({ kind: "response", commandStatus, messageId }, late.context);
    return true;
  }

  /** A centre that goes down for maintenance unbinds, and answers what it has: to go at once would leave that in doubt. */
  #peerUnbinds(sequence: number): void {
    this.#peerUnbind = sequence;
    if (!this.#isClient && (this.#handlers.onPeerUnbind === undefined || this.state !== "bound")) {
      this.#goWithPeer();
      return;
    }
    if (this.state === "bound") {
      this.state = "unbinding";
      this.#handlers.onPeerUnbind?.(this);
    }
    this.#letPeerGo();
  }

  #letPeerGo(): void {
    if (this.#isClient && this.#peerUnbind !== undefined && this.#window.size === 0) this.#goWithPeer();
  }

  #goWithPeer(): void {
    if (this.state === "closed" || this.#peerUnbind === undefined) return;
    this.#writer.header("unbind_resp", 0, this.#peerUnbind);
    this.close(PEER_UNBOUND);
  }

  #endLink(sequence: number, command: CommandName, status: number): void {
    const end = this.#link.end(sequence, command, status);
    if (end !== "ended") this.#report(`${end}_response`, sequence, `${command} ${commandStatusName(status)}`);
  }

  #report(kind: Anomaly["kind"], sequence: number, detail: string): void {
    this.anomalies[kind]++;
    this.#handlers.onAnomaly?.({ kind, sequence, detail }, this);
  }

  /** The one timer's work: response time-outs, link time-outs, enquire_link on a quiet link. */
  #sweep(): void {
    if (this.#writer.muted) return;
    const now = this.#now();
    if (this.#readingHeld) {
      this.#lastReceived = now;
      if (this.#partialSince !== undefined) this.#partialSince = now;
    }
    this.#window.expire(now, (request, sequence) => {
      this.#late.add(sequence, request, now);
      request.onResult({ kind: "timeout" }, request.context);
    });
    this.#link.expire(now);
    this.#letPeerGo();
    if ((this.state as SessionState) === "closed") return;
    if (this.#partialSince !== undefined && now - this.#partialSince >= this.#options.responseTimeoutMs) {
      const detail = `a PDU has not become whole within ${this.#options.responseTimeoutMs} ms`;
      this.destroy({ code: "framing_lost", detail });
      return;
    }
    const { enquireLinkMs } = this.#options;
    const quiet =
      !this.#readingHeld && enquireLinkMs > 0 && now - this.#lastReceived >= enquireLinkMs && this.state === "bound";
    if (quiet && this.#link.size === 0) this.#sendLink("enquire_link", this.#enquireLinkEnded);
    this.#offerCapacity();
  }

  readonly #enquireLinkEnded = (status: number | "timeout"): void => {
    // Anything received since then shows a live peer; only silence ends the session.
    if (status !== "timeout" || this.#now() - this.#lastReceived < this.#options.responseTimeoutMs) return;
    const detail = `no answer to enquire_link within ${this.#options.responseTimeoutMs} ms`;
    this.destroy({ code: "enquire_link_timeout", detail });
  };

  /** The requests of a batch that was not allowed to leave. Nothing else in it is missed: peers repeat what is not answered. */
  #handBack(batch: number): void {
    const reason: CloseReason = { code: "withdrawn", detail: "not written in time" };
    this.#window.drain(
      (request) => request.onResult({ kind: "unanswered", reason, sent: "never" }, request.context),
      (request) => request.write === batch,
    );
  }

  #finish(reason: CloseReason): void {
    if (this.state === "closed") return;
    this.state = "closed";
    clearInterval(this.#sweepTimer);
    this.#link.clear();
    this.#writer.end();
    const socket = this.#socket;
    if (!socket.destroyed) {
      socket.setTimeout(lingerMs, () => socket.destroy());
      socket.resume();
      socket.destroySoon();
    }
    const { writes } = this.#writer;
    this.#window.drain((request) => {
      const sent = request.write === writes ? "never" : "maybe";
      request.onResult({ kind: "unanswered", reason, sent }, request.context);
    });
    this.#handlers.onClose(reason, this);
  }
}
