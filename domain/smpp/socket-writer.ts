import type { Socket } from "node:net";
import { type BindCommand, type CommandName, headerOctets } from "./command-id.ts";
import type { OutgoingBind, OutgoingShortMessage } from "./pdu.ts";
import {
  bindOctets,
  textResponseOctets,
  writeBind,
  writeHeader,
  writeShortMessage,
  writeTextResponse,
} from "./pdu-encoder.ts";
import type { OutgoingTlv } from "./tlv.ts";
import { WriteBatch } from "./write-batch.ts";

/** A batch this large is written at once instead of at the end of the turn. */
const writeAtOctets = 65_536;
/**
 * Reading stops while more than this waits to be written: a peer that sends and never reads must not fill our memory.
 * Reading must not stop earlier: two peers that both wait for the other to read would stand still for good.
 */
const stopReadingAtOctets = 1_048_576;

/**
 * The writing half of a session: PDUs of one turn of the event loop leave in one socket write, and the socket's back-pressure is kept.
 */
export class SocketWriter {
  /** The socket has asked to wait for its drain; PDUs collect in the batch meanwhile. */
  blocked = false;
  /** How many batches have left; a PDU written now leaves in batch number `writes` + 1. */
  writes = 0;
  /** Reading has been stopped because the peer does not read. */
  readingStopped = false;
  /** Fault injection: PDUs are collected and thrown away. */
  muted = false;

  readonly #socket: Socket;
  readonly #onDrain: () => void;
  readonly #onLeaving: (requests: number) => boolean;
  readonly #onWithdrawn: (batch: number) => void;
  readonly #batch = new WriteBatch();
  #planned = false;
  /** Requests in the batch. */
  #requests = 0;
  #ended = false;
  #readingHeld = false;

  /**
   * `onDrain` is called when a blocked socket takes octets again. `onLeaving` is called with their count before requests leave; when it says no
   * the batch is dropped, and `onWithdrawn` is called with the count of batches when it began.
   */
  constructor(
    socket: Socket,
    onDrain: () => void,
    onLeaving: (requests: number) => boolean,
    onWithdrawn: (batch: number) => void,
  ) {
    this.#socket = socket;
    this.#onDrain = onDrain;
    this.#onLeaving = onLeaving;
    this.#onWithdrawn = onWithdrawn;
    socket.on("drain", () => this.#unblock());
  }

  /** A PDU that is only a header. */
  header(command: CommandName, status: number, sequence: number): void {
    if (this.#ended) return;
    const into = this.#batch.reserve(headerOctets);
    this.#commit(writeHeader(into, this.#batch.at, headerOctets, command, status, sequence));
  }

  /** A response with one C-octet string. Throws SmppEncodeError when it does not fit. */
  textResponse(
    command: CommandName,
    status: number,
    sequence: number,
    text: string,
    tlvs?: readonly OutgoingTlv[],
  ): void {
    if (this.#ended) return;
    const octets = textResponseOctets(text, tlvs);
    const into = this.#batch.reserve(octets);
    this.#commit(writeTextResponse(into, this.#batch.at, octets, command, status, sequence, text, tlvs));
  }

  /** A submit_sm or deliver_sm of `octets` (from shortMessageOctets). */
  shortMessage(
    command: "submit_sm" | "deliver_sm",
    octets: number,
    sequence: number,
    message: OutgoingShortMessage,
  ): void {
    const into = this.#batch.reserve(octets);
    const end = writeShortMessage(into, this.#batch.at, octets, command, sequence, message);
    this.#requests++;
    this.#commit(end);
  }

  /** A bind. Throws SmppEncodeError when a field does not fit. */
  bind(command: BindCommand, sequence: number, bind: OutgoingBind): void {
    if (this.#ended) return;
    const octets = bindOctets(bind);
    const into = this.#batch.reserve(octets);
    this.#commit(writeBind(into, this.#batch.at, octets, command, sequence, bind));
  }

  /** Any octets, as they are. */
  raw(octets: Uint8Array): void {
    if (this.#ended) return;
    const into = this.#batch.reserve(octets.length);
    into.set(octets, this.#batch.at);
    this.#commit(this.#batch.at + octets.length);
  }

  /** Hands the batch to the socket, unless the socket is full: then the batch waits for the drain. */
  flush(): void {
    if (this.#ended || this.#batch.octets === 0) return;
    if (this.blocked) {
      this.#limitReading();
      return;
    }
    const chunks = this.#batch.take();
    const withdrawn = this.#requests > 0 && !this.#onLeaving(this.#requests);
    this.#requests = 0;
    const batch = this.writes++;
    if (withdrawn) this.#onWithdrawn(batch);
    if (this.muted || withdrawn) return;
    let taken = true;
    if (chunks.length > 1) this.#socket.cork();
    for (const chunk of chunks) taken = this.#socket.write(chunk);
    if (chunks.length > 1) this.#socket.uncork();
    if (!taken) {
      this.blocked = true;
      this.#limitReading();
    }
  }

  /** No more writes; the batch is dropped. */
  end(): void {
    this.#ended = true;
  }

  #commit(end: number): void {
    this.#batch.commit(end);
    if (this.#batch.octets >= writeAtOctets) this.flush();
    else if (!this.#planned) {
      this.#planned = true;
      setImmediate(this.#flushPlanned);
    }
  }

  readonly #flushPlanned = (): void => {
    this.#planned = false;
    this.flush();
  };

  /** The session's owner has no room for more requests: nothing is read until it has. */
  holdReading(held: boolean): void {
    this.#readingHeld = held;
    if (this.#ended) return;
    if (held) this.#socket.pause();
    else if (!this.readingStopped) this.#socket.resume();
  }

  #limitReading(): void {
    if (!this.readingStopped && this.#batch.octets + this.#socket.writableLength > stopReadingAtOctets) {
      this.readingStopped = true;
      this.#socket.pause();
    }
  }

  #unblock(): void {
    if (this.#ended) return;
    this.blocked = false;
    this.flush();
    if (this.blocked) return;
    if (this.readingStopped) {
      this.readingStopped = false;
      if (!this.#readingHeld) this.#socket.resume();
    }
    this.#onDrain();
  }
}
