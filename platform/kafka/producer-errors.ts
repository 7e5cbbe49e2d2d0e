/** The writer may not act any more; nothing of this record is sent from now on. */
export class FencedError extends Error {
  readonly code = "PRODUCER_FENCED";
  constructor() {
    super("The writer lost its partition before the record was sent; its new owner continues.");
  }
}

/** Refused before anything was queued. */
export class RecordTooLargeError extends Error {
  readonly code = "RECORD_TOO_LARGE";
  constructor(topic: string, bytes: number, limit: number) {
    super(`A record for ${topic} has ${bytes} bytes; the limit is ${limit}.`);
  }
}

/** Refused because too much is waiting; try again later. */
export class ProducerFullError extends Error {
  readonly code = "PRODUCER_FULL";
  constructor(bytes: number) {
    super(`${bytes} bytes are waiting for Kafka already; try again when it has caught up.`);
  }
}

/** The process is ending; what waited may or may not have been stored. */
export class ProducerClosedError extends Error {
  readonly code = "PRODUCER_CLOSED";
  constructor() {
    super("The producer is closed.");
  }
}
