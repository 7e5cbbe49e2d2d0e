// Generated from schemas/*.avsc by "node schemas/generate.ts"; do not edit.
// Times are epoch milliseconds. Money is a whole number of millionths: 7500 is 0.0075.

/** One earlier try of a message and why it did not end there. */
export interface Attempt {
  /** Provider tried; null when no provider could be chosen. */
  readonly provider: string | null;
  /** transient, throttled, refused, permanent, unroutable, unsubmitted, unknown: it may have been accepted, undelivered: its receipt said so, missing: no receipt came in time, opted-out: the recipient has said stop, or held: it was not its time. Who has refused, failed or kept silent is not asked again. */
  readonly errorClass: string;
  /** The provider's own code (SMPP command_status by name, HTTP status or API code), or Sluice's. */
  readonly errorCode: string | null;
}

/** What a message takes of its account's budget. */
export interface BudgetCharge {
  /** ISO 4217, of the budget. */
  readonly currency: string;
  /** What this decision takes of the day, and of the month where addedToMonth is null; below 0: gives back. */
  readonly added: number;
  /** What the message has taken and given to nobody yet, with that: it is given back when no provider accepts it. */
  readonly held: number;
  /** The end of the day in which held was taken: later it is not given back to a day. */
  readonly until: number;
  /** The end of the month in which held was taken: later it is not given back to a month. null: as until. */
  readonly monthUntil: number | null;
  /** What this decision takes of the month; below 0: gives back. Another than added where the day is over in which the message took it first. null: as added. */
  readonly addedToMonth: number | null;
}

/** What a partition of the router has spent of an account's budget, and what it may spend before it says more: sms.budgets (compacted, one partition), keyed by account + '/' + partition. A partition may spend what it has said once it reads its own record with those of all partitions together within the budget. */
export interface BudgetWord {
  /** Whose budget it is. */
  readonly account: string;
  /** ISO 4217, of the budget and of all amounts. */
  readonly currency: string;
  /** Partition of the message topics. */
  readonly partition: number;
  /** Counts the partition's owners: a record with a lower one than another before it says nothing. */
  readonly epoch: number;
  /** When it was said. */
  readonly at: number;
  /** Spent in the day that ends at dayEnd. */
  readonly day: number;
  /** From then on day is 0. */
  readonly dayEnd: number;
  /** The same of the month. */
  readonly month: number;
  /** From then on month is 0. */
  readonly monthEnd: number;
  /** What the partition may spend beyond day and month, in the next period as well. */
  readonly ahead: number;
  /** By the router's inputs, in their order: what was decided of the records below is counted. */
  readonly next: readonly number[];
}

/** What a customer's address is still to be told: sms.callbacks, compacted, keyed by message id, destination and the offset of the event in sms.events, with slashes between them; of messages from handsets by a hash of account and numbers, the handset, and twice the offset in sms.inbound (one more for what it says of consent). It stands in the partition of its event. A record without a value says that the address has taken it, or that it was given up. Headers: endpoint (which address it waits for), due and since (epoch milliseconds) and write (which writing of it this is). */
export interface Callback {
  /** webhook-id: the same however often it is told. */
  readonly id: string;
  /** What is told, such as message.delivered or message.received. */
  readonly type: string;
  /** When it happened. */
  readonly at: number;
  /** Whose message it is; its settings say in which form it is told, and what signs it. */
  readonly accountId: string;
  /** The message. */
  readonly messageId: string;
  /** Its lane, for metrics; inbound for messages from handsets. */
  readonly lane: string;
  /** The address. */
  readonly url: string;
  /** What is told, as a JSON object: the field data of the standard form. */
  readonly data: string;
  /** Since when it is to be told: it is given up so long after. */
  readonly since: number;
  /** Requests that were not taken. */
  readonly attempts: number;
  /** Why the last one was not, in a few words without addresses; null: none was made. */
  readonly failure: string | null;
}

/** A message that is not to be sent any more, if it still waits for its time: sms.cancels; and what came of it: sms.cancel-answers, keyed by the message's id. */
export interface Cancel {
  /** UUID of the message, lower case. */
  readonly messageId: string;
  /** Who asks: only the account's own messages are cancelled. */
  readonly accountId: string;
  /** When it was asked. */
  readonly at: number;
  /** Key in sms.scheduled of the message that was found to wait; null: it is still to be looked for. */
  readonly scheduled: string | null;
  /** Of an answer. cancelled: it waited, and ends. gone: its time had come. none: no such message waits. */
  readonly outcome: string | null;
  /** Of an answer: the message's destination, E.164 digits; null where it is not known. */
  readonly to: string | null;
  /** How many answers there are: one for each destination under which the message waits. */
  readonly answers: number;
}

export type Circuit = "closed" | "half_open" | "open";

/** Whether an account may write to a destination: sms.consent (compacted), keyed by account + ':' + destination, in the destination's partition. Of several words the latest by `at` holds, whatever their order; of two of one time the one that stands behind. */
export interface Consent {
  /** The account; * for all accounts. */
  readonly accountId: string;
  /** E.164 digits. */
  readonly destination: string;
  /** The last word. */
  readonly state: ConsentState;
  /** What changed it: keyword, api, webhook, import. */
  readonly source: string;
  /** When. */
  readonly at: number;
  /** Where the word came from, for people: the provider that brought the message, the name of an import. No texts, no numbers. */
  readonly detail: string | null;
}

export type ConsentState = "opted_in" | "opted_out";

/** The catalog as it is applied: sms.control (compacted, one partition). A version is written in pieces and counts from its head on, all of it or nothing. */
export interface Control {
  /** piece: a part of a version's text. head: the version as a whole. instance: which version a process of Sluice works with. The others are not written. */
  readonly kind: ControlKind;
  /** piece and head: what tells one apply from another. instance: the service and the process, such as router/host-1. */
  readonly id: string;
  /** Grows by one with each version; 0: the files that the process was started with. */
  readonly version: number;
  /** piece: base64 of a part of the catalog as gzipped JSON, in the shape of its files. head: JSON of who applied it, on top of which version, and how many pieces there are with which hash. instance: JSON of its service and of why it could not take a newer version. */
  readonly body: string;
  /** When. */
  readonly at: number;
  /** piece: its place, from 0. */
  readonly place: number;
}

export type ControlKind = "account" | "provider" | "route" | "price" | "piece" | "head" | "instance";

/** What an application knows of a message that it sent: whether the recipient did what the message was for, such as typing the code in. sms.conversions, keyed by the message id. It may come any number of times, and in any order: converted wins over not converted. */
export interface Conversion {
  /** Id of the message, a UUID in lower case. */
  readonly messageId: string;
  /** The account that tells it; only what the message's own account tells counts. */
  readonly accountId: string;
  /** Whether the recipient has done it. False: not within the time that the application gives. */
  readonly converted: boolean;
  /** When it was done, or given up, by the application's clock. */
  readonly at: number;
}

/** What applications say of a provider's way into a network: sms.conversion-counts (compacted), keyed by provider + '/' + country + '/' + network + '/' + lane + '/' + partition, the network being empty for null. Counts begin with 0 at since and only grow; those of all partitions may be added up. */
export interface ConversionCounts {
  /** The provider that had the message last. */
  readonly provider: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Mobile country and network code in one word, such as 26201; null for numbers whose network is not known. */
  readonly network: string | null;
  /** Lane of the messages. */
  readonly lane: Lane;
  /** Partition of sms.conversions it was counted on. */
  readonly partition: number;
  /** When counting began; another one says that all counts began anew. */
  readonly since: number;
  /** When it was counted last. */
  readonly at: number;
  /** Messages of which the application has told what became of them, each once. */
  readonly told: number;
  /** Of these, messages whose recipients did what they were for. */
  readonly converted: number;
}

/** A record that could not be processed, or a message that was given up: sms.dead-letter, keyed as the source record. */
export interface DeadLetter {
  /** Stable code: undecodable, invalid, id-reused (the messageId was given to another text to the same number before), unprocessable, too-large, refused (by every provider that its route has), unroutable, attempts-exhausted, expired, incomplete (a part of a long message from an SMPP client, of which others did not come in time), callback-expired, callback-refused (a customer's address that is not for the public). */
  readonly reason: string;
  /** What was wrong, naming the field; never the text of the message. */
  readonly detail: string;
  /** Service that gave it up. */
  readonly service: string;
  /** When. */
  readonly at: number;
  /** The message, when known. */
  readonly messageId: string | null;
  /** Where the record stood. */
  readonly topic: string;
  /** Its partition. */
  readonly partition: number;
  /** Its offset. */
  readonly offset: number;
  /** Its key, byte for byte. */
  readonly key: Buffer | null;
  /** Its value, byte for byte. */
  readonly value: Buffer | null;
  /** Its headers. */
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** An order to a provider's sender to submit one message: sms.dispatch.<provider>.<lane>, keyed by destination. */
export interface Dispatch {
  /** The message. */
  readonly facts: MessageFacts;
  /** What to send. */
  readonly text: string;
  /** Number of this routing decision for the message, from 1. */
  readonly attempt: number;
  /** The provider chosen. */
  readonly provider: string;
  /** Id of the route that chose it. */
  readonly route: string;
  /** Price of one segment; null when the price list has none. */
  readonly price: number | null;
  /** ISO 4217 of the price. */
  readonly currency: string | null;
  /** Earlier tries, oldest first. */
  readonly tried: readonly Attempt[];
  /** Set when an earlier submission of this message may have reached a provider: why it is repeated all the same. */
  readonly inDoubt: string | null;
  /** What this submission may cost at most, of a message that was sent on after its receipt; null: as much as it costs. */
  readonly spendLeft: number | null;
  /** ISO 4217 of spendLeft. Prices in other currencies are compared by the catalog's rates; without one they are too high. */
  readonly spendCurrency: string | null;
  /** The provider takes the price only for what is delivered. */
  readonly onDelivery: boolean;
  /** Price of one segment as it would be without the provider's commitment in money: what the sender counts of the month; null: it has none. */
  readonly tariff: number | null;
  /** What the message has taken of its account's budget; null: nothing. */
  readonly charge: BudgetCharge | null;
}

export type Encoding = "gsm7" | "ucs2";

/** Something that happened to a message: sms.events, keyed by destination; the one stream of truth. A later event repeats the facts of the earlier ones. The record header id identifies the event: a repeat with the same id says nothing new. */
export interface Event {
  /** routed: a provider was chosen (router). submitted: the provider accepted it (sender). returned: not accepted, handed back to the router (sender). in_doubt: may or may not have been accepted; a copy may follow in the next attempt, and an answer that comes late is a submitted or returned event of the same attempt (sender). closed: the router gave the message up. postponed: no provider could be chosen, and the message waits for the next attempt in a retry topic; or, without an errorClass, it is not its time, and it waits in sms.scheduled until due (router). receipt: a delivery receipt that does not end the message (correlator). final: the terminal state (correlator only). rerouted: the receipt of this attempt said that it failed, or did not come in time; the router is to choose another provider in the next attempt (correlator). */
  readonly type: EventType;
  /** When it happened, by the writer's clock. */
  readonly at: number;
  /** The message. */
  readonly facts: MessageFacts;
  /** Routing decision it belongs to, from 1; 0 when rejected before any. */
  readonly attempt: number;
  /** Provider of this attempt. */
  readonly provider: string | null;
  /** Route that chose the provider. */
  readonly route: string | null;
  /** routed: why this provider. closed and final: why it ended so. returned: why an earlier submission may have been accepted. in_doubt: the answer to the parts that were not taken. */
  readonly reason: string | null;
  /** Price of one segment at this provider. */
  readonly price: number | null;
  /** submitted: what this submission costs, price times segments; see onDelivery for what is charged on delivery. */
  readonly cost: number | null;
  /** ISO 4217 of price and cost. */
  readonly currency: string | null;
  /** When the provider accepted the last part. */
  readonly submittedAt: number | null;
  /** The provider's id of each part, in order, normalised. */
  readonly providerMessageIds: readonly string[];
  /** submitted: set when an earlier submission may have reached a provider; the stated reason of the repeat. rerouted: the same, of the submission to come. */
  readonly resubmitted: string | null;
  /** returned, in_doubt, closed: transient, throttled, refused (this provider never will take it), permanent (nobody may), unroutable, unsubmitted, unknown, invalid, expired, cancelled (by its account, before its time), undelivered (by its receipt, and no other provider is left), opted-out (the recipient has said stop), frequency-cap (they have had all that a cap allows). rerouted: the class of its receipt (route, temporary, handset, unknown), or missing. */
  readonly errorClass: string | null;
  /** The provider's or Sluice's code. routed: account-busy, when the account was above its share of the provider and the message stands behind those of others; waited, when it had waited for the provider and stands behind what comes now. postponed: scheduled, when it was handed in for a later time; quiet-hours, when its recipient is not to be disturbed. */
  readonly errorCode: string | null;
  /** receipt: number of the part, from 1. */
  readonly part: number | null;
  /** receipt and final: the state reported. closed: the state it will end in. enroute is never final. */
  readonly state: MessageState | null;
  /** receipt and final: when the provider says it happened. */
  readonly doneAt: number | null;
  /** receipt and final: when the deciding receipt reached Sluice. */
  readonly receiptAt: number | null;
  /** submitted, in_doubt, rerouted: where the record stands that the attempt was decided on (topic/partition/offset), in the message's own partition: its text is read there when it goes to another provider. */
  readonly source: string | null;
  /** rerouted: what the next submission may cost at most; null: as much as it costs. */
  readonly spendLeft: number | null;
  /** ISO 4217 of spendLeft. Prices in other currencies are compared by the catalog's rates; without one they are too high. */
  readonly spendCurrency: string | null;
  /** routed: what the catalog's price caps, sender rules and caps had to do with the choice, for people; null: nothing. */
  readonly rules: string | null;
  /** routed: the counts of the catalog's caps that the message belongs to: cap, what it counts as, and the sender or campaign, with slashes between them. Empty for a message that has counted before. */
  readonly counted: readonly string[];
  /** postponed: when it is looked at again, or its time comes; null: by the number of rounds. */
  readonly due: number | null;
  /** The provider takes the price only for what is delivered. Then cost is what the submission owes by what its receipts have said so far: 0 on submitted, and on receipt and final what has been delivered of it. */
  readonly onDelivery: boolean;
  /** routed, submitted, in_doubt: price of one segment as it would be without the provider's commitment in money, which it fills; null: it has none. */
  readonly tariff: number | null;
  /** submitted, returned, in_doubt, and what is concluded of a submission: when the order came into the provider's queue. */
  readonly routedAt: number | null;
  /** routed: why the route's other candidates were not taken, such as `b: dearer, c: circuit-open`, in the order in which the route asks them; at most twelve are named. null: it had none. */
  readonly verdicts: string | null;
  /** routed, closed: what the decision takes of the account's budget, or gives back; null: nothing, as where there is none. */
  readonly charge: BudgetCharge | null;
}

export type EventType = "routed" | "submitted" | "returned" | "in_doubt" | "closed" | "receipt" | "final" | "postponed" | "rerouted";

/** What has gone to one recipient under a frequency cap of an account: sms.frequency (compacted), keyed by account + '/' + cap + ':' + destination, in the destination's partition. Written with each message that counts. */
export interface Frequency {
  /** The account. */
  readonly accountId: string;
  /** Id of the cap. */
  readonly cap: string;
  /** E.164 digits. */
  readonly destination: string;
  /** When the last messages that count were given to a provider, epoch milliseconds, oldest first; no more than the cap allows. */
  readonly times: readonly number[];
  /** Which messages they were: a hash of each id, in the same order. */
  readonly messages: readonly number[];
}

/** How a provider's sender is doing: sms.health (compacted), keyed by provider + '/' + dispatch partition. Written every second and on each change. */
export interface Health {
  /** The provider. */
  readonly provider: string;
  /** Dispatch partition that this sender owns. */
  readonly partition: number;
  /** Which process says so. */
  readonly instance: string;
  /** closed: submitting. half_open: trying a few. open: handing work back. */
  readonly circuit: Circuit;
  /** Why it is not closed. */
  readonly reason: string | null;
  /** Segments a second that this sender may submit now. */
  readonly rate: number;
  /** Segments a second that the catalog allows this sender. 0: it does not say. */
  readonly configuredRate: number;
  /** Why rate is less than configuredRate: throttled (the provider said that it was too fast). */
  readonly rateReason: string | null;
  /** Segments a second that it submitted over the last second. */
  readonly effectiveRate: number;
  /** Dispatches read or waiting that are not submitted yet. */
  readonly backlog: number;
  /** Of the backlog, what stands in each queue, most urgent first: otp, its overflow, transactional, its overflow, marketing, its overflow. */
  readonly queues: readonly number[];
  /** Submissions without an answer. */
  readonly inFlight: number;
  /** When; a health older than a few seconds says that the sender is gone. */
  readonly at: number;
  /** The calendar day, in the zone of the provider's quota, that segmentsToday counts. */
  readonly dayStart: number;
  /** The end of that day: from then on the count is 0. 0: this sender does not count. */
  readonly dayEnd: number;
  /** Segments of this partition that the provider has taken in that day, or may have. */
  readonly segmentsToday: number;
  /** The calendar month that segmentsThisMonth counts. */
  readonly monthStart: number;
  /** The end of that month: from then on the count is 0. */
  readonly monthEnd: number;
  /** The same as segmentsToday, of that month. */
  readonly segmentsThisMonth: number;
  /** What the segments of this partition in that month come to without the provider's commitment in money, millionths of its currency; 0 where it has none. */
  readonly spentThisMonth: number;
  /** Networks that are held back alone, those with the most messages first; at most eight. Of all partitions that this process owns of the provider: each says the same. */
  readonly heldNetworks: readonly HeldNetwork[];
}

/** A network whose messages a sender holds back while those of others go. */
export interface HeldNetwork {
  /** Mobile country and network code, or the country where the network is not known. */
  readonly network: string;
  /** Why its first message waits: throttled (the provider throttled this network alone), rate (the catalog's rate of the network or its country), window (it has its share of the window). */
  readonly reason: string;
  /** Messages that wait. */
  readonly waiting: number;
}

/** A message from a handset, or one part of it: sms.inbound, keyed by the sender (from). The record header id names the message; the same part under the same id is the same message, sent again by the provider. */
export interface Inbound {
  /** Provider that delivered it. */
  readonly provider: string;
  /** Who sent it: the handset's number as E.164 digits. What is no such number (a short code, a name) stands as the provider gave it; empty when it gave none. */
  readonly from: string;
  /** The number or short code it was sent to. */
  readonly to: string;
  /** What it says; of a part, as much of it as reads alone. Of a binary message each octet as the character with its code (Latin-1). */
  readonly text: string;
  /** When it reached Sluice. */
  readonly receivedAt: number;
  /** Of a part: what the parts of one message have in common, 0 to 65535. Null, as total and part: it is whole. */
  readonly reference: number | null;
  /** Of a part: how many there are, 1 to 255. */
  readonly total: number | null;
  /** Of a part: which it is, from 1. */
  readonly part: number | null;
  /** What the octets are read in: gsm7, latin1, ascii, ucs2, binary, or the name of another character set; null when the provider hands over text. */
  readonly alphabet: string | null;
  /** The content as it came, without the user data header, where the text may not hold all of it: parts (a character may be cut in two), binary messages, rare alphabets. To join parts, join their octets, then read them in the alphabet (gsm7: one septet an octet; ucs2: UTF-16BE). */
  readonly octets: Buffer | null;
  /** The user data header with its length octet (3GPP TS 23.040, 9.2.3.24), when there was one. */
  readonly header: Buffer | null;
  /** data_coding as the SMPP provider gave it. */
  readonly dataCoding: number | null;
  /** Addresses of what was attached (MMS and other channels), in order, as the provider gives them; its credentials may be needed to read them. */
  readonly media: readonly string[];
  /** What a provider that keeps opt-outs itself has taken it for and acted on, such as STOP, START or HELP. */
  readonly optOut: string | null;
}

export type Lane = "otp" | "transactional" | "marketing";

/** What is known of a message once it has been accepted and validated. Carried unchanged by every later record of the message, so that any of them can be understood alone. Never contains the text. */
export interface MessageFacts {
  /** UUID of the message, lower case. Given by ingest or the upstream system, otherwise derived from the request's source position. */
  readonly messageId: string;
  /** The account that pays for the message. */
  readonly accountId: string;
  /** Urgency class; otp goes before transactional, transactional before marketing. */
  readonly lane: Lane;
  /** Destination, E.164 digits without the plus. Also the record key. */
  readonly to: string;
  /** Sender id: a name of up to 11 ASCII characters of the GSM alphabet, a short code, or a full number of up to 15 digits, with a plus or without. Null: the provider's default. */
  readonly from: string | null;
  /** ISO 3166-1 alpha-2 of the destination; ZZ when the numbering plan names none. */
  readonly country: string;
  /** Network of the destination: mobile country and network code in one word (26201, 338050; ITU-T E.212), never with a hyphen; null when unknown. How it is known says networkSource. */
  readonly network: string | null;
  /** Alphabet the text is sent in (3GPP TS 23.038). */
  readonly encoding: Encoding;
  /** Number of SMS parts the text needs, 1 or more; what providers charge and limit by. */
  readonly segments: number;
  /** The customer's own reference, up to 64 characters. */
  readonly reference: string | null;
  /** Where status callbacks are to go; null for none. */
  readonly callbackUrl: string | null;
  /** Up to ten short labels of the customer, for analytics. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When the message was accepted: ingest's acknowledgement, or the append time of an upstream record. */
  readonly acceptedAt: number;
  /** Not submitted after this moment. */
  readonly expiresAt: number;
  /** How network is known. null: by the number's prefix, so it is the network that the number was assigned to, not where it was ported. lookup: a look-up service said so. learned: a provider's receipt for the number did. */
  readonly networkSource: string | null;
  /** Sender id that goes out in place of from, by the catalog's sender rules; null: from itself. Set by the router's decision, and anew by each one. */
  readonly sentAs: string | null;
  /** Segments that the text as it was given would have taken beyond these: it is sent in plain characters, as the request allowed. 0: it is sent as it was given. */
  readonly segmentsSaved: number;
  /** Where receipts go of a message that came over SMPP; null: nowhere. */
  readonly receiptTo: ReceiptTo | null;
}

export type MessageState = "enroute" | "delivered" | "undelivered" | "failed" | "expired" | "rejected" | "unknown";

/** Which network a number is of, where a receipt said another one than its message was routed by: sms.networks (compacted), keyed by the number, in its own partition. The append time says when it was learned. */
export interface NumberNetwork {
  /** The number, E.164 digits. */
  readonly to: string;
  /** Mobile country and network code in one word, such as 26203. */
  readonly network: string;
  /** Whose receipt said so. */
  readonly provider: string;
}

/** What receipts say of a provider's way into a network: sms.quality (compacted), keyed by provider + '/' + country + '/' + network + '/' + lane + '/' + partition, the network being empty for null. Counts begin with 0 at since and only grow; those of all partitions may be added up. */
export interface Quality {
  /** The provider. */
  readonly provider: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Mobile country and network code in one word, such as 26201; null for numbers whose network is not known. */
  readonly network: string | null;
  /** Lane of the messages. */
  readonly lane: Lane;
  /** Partition of sms.events it was measured on. */
  readonly partition: number;
  /** When counting began; another one says that all counts began anew. */
  readonly since: number;
  /** Up to when everything is counted. */
  readonly at: number;
  /** Messages that the provider took. */
  readonly submitted: number;
  /** By bucket of the time since submission, the bounds being 0.5 s and each next one the square root of 2 times longer: messages that have lived through it. */
  readonly exposed: readonly number[];
  /** By the same buckets: of these messages, how many were delivered within it. */
  readonly deliveries: readonly number[];
  /** Messages whose receipts say that they were not delivered. */
  readonly failed: number;
  /** Messages without a receipt by their deadline. */
  readonly missing: number;
  /** Messages delivered after more than the last bucket. */
  readonly late: number;
  /** Receipts that contradict what is known of their message. */
  readonly contradicted: number;
  /** Median time from submission to delivery of the last half hour or so, milliseconds; null while nothing was delivered. */
  readonly medianMillis: number | null;
  /** What 95 of 100 of these deliveries took at the most, milliseconds. */
  readonly p95Millis: number | null;
}

/** A delivery receipt as a provider gave it: sms.receipts, keyed by the destination; sms.receipts.unplaced, keyed by provider and id, when the destination is not known. */
export interface Receipt {
  /** Provider that reported. */
  readonly provider: string;
  /** The id in the receipt, normalised as in the submitted event. */
  readonly providerMessageId: string;
  /** Destination, E.164 digits. In sms.receipts.unplaced: the digits that the provider gave, in whatever form; empty for none. */
  readonly to: string;
  /** Sluice's message id when the receipt carries it (webhook address). */
  readonly messageId: string | null;
  /** Normalised state. enroute also for words that are not known, and for whatever an intermediate notification says. */
  readonly state: MessageState;
  /** The provider's error code. */
  readonly errorCode: string | null;
  /** When the provider says it happened. */
  readonly doneAt: number | null;
  /** When it reached Sluice. */
  readonly receivedAt: number;
  /** Set when a message that is not marked as a receipt reads like one: what it is if its id is none of this provider's for this number. */
  readonly inbound: Inbound | null;
  /** Parts of a long message that it speaks for, 2 or more (sub: and dlvrd: of the text form); null: one. */
  readonly parts: number | null;
  /** Network that the provider says the handset's number is of: mobile country and network code in one word, such as 26203; null where it says nothing. */
  readonly network: string | null;
}

/** Where the receipts of a message that came over SMPP go: to any bind of its account, for the ids that its client was answered. */
export interface ReceiptTo {
  /** The message_id of each part that a receipt was asked for, letter for letter as it was answered; up to 255 of up to 64 characters. */
  readonly ids: readonly string[];
  /** What was asked for with registered_delivery (SMPP 3.4, 5.2.17): 1 when it is delivered, 2 when it is not, 16 on the way; added up. */
  readonly asked: number;
  /** source_addr_ton as submitted. */
  readonly sourceTon: number;
  /** source_addr_npi as submitted. */
  readonly sourceNpi: number;
  /** source_addr as submitted: receipts go to it. */
  readonly source: string;
  /** dest_addr_ton as submitted. */
  readonly destTon: number;
  /** dest_addr_npi as submitted. */
  readonly destNpi: number;
  /** destination_addr as submitted: receipts come from it. */
  readonly dest: string;
  /** user_message_reference as submitted, which receipts repeat; null: there was none. */
  readonly reference: number | null;
}

/** A message from a handset to an account, whole: sms.received, keyed by the handset. It is made of sms.inbound by the catalog of that moment. The same id is the same message, read again. */
export interface Received {
  /** UUID: the same for the same records of sms.inbound, and for what a provider that gives ids delivers again. */
  readonly id: string;
  /** The account whose number it was sent to. */
  readonly accountId: string;
  /** Provider that delivered it. */
  readonly provider: string;
  /** Who sent it: the handset's number as E.164 digits, or what the provider gave. */
  readonly from: string;
  /** The account's number or short code, digits alone. */
  readonly to: string;
  /** What it says; empty for a binary message. */
  readonly text: string;
  /** Content of a binary message, without a user data header; null: it is a text. */
  readonly binary: Buffer | null;
  /** When the first part of it reached Sluice. */
  readonly receivedAt: number;
  /** Parts that it was sent in, 1 to 255. */
  readonly segments: number;
  /** Parts that had not come in time: the text lacks theirs. */
  readonly missing: number;
  /** Addresses of what was attached, as the provider gives them. */
  readonly media: readonly string[];
  /** What it says of consent: STOP or START; another word is the provider's, such as HELP. */
  readonly optOut: string | null;
}

/** Idempotency keys that messages were accepted under: sms.request-keys, kept for a day and an hour. Many in one record, all of its partition: the first 32 bits of a name, as a big-endian number, modulo the number of partitions. */
export interface RequestKeys {
  /** False: written beside the messages, so that each may be stored or not. True: the messages stand in the log. */
  readonly stored: boolean;
  /** When the messages were accepted; where stored is true, when that was said. */
  readonly at: number;
  /** 16 octets for each key: the beginning of a SHA-256 of account and key. */
  readonly names: Buffer;
  /** 12 octets for each key, in the same order: the beginning of a SHA-256 of what the key stands for. */
  readonly fingerprints: Buffer;
  /** Of a batch's key, which is alone in its record: a bit for each message, from the highest of the first octet on, set where it was rejected. Empty: none was. */
  readonly rejected: Buffer;
}

/** A message to be routed again: sms.retry.<delay>, keyed by destination; or a copy of what is in doubt, which the correlator lets go on or drops: sms.doubt; or one that waits for its time: sms.scheduled, and sms.due when it has come. The header due (epoch milliseconds) says when, not the timestamp; it may be later than the tier is over: then the message is moved on to another one. */
export interface Retry {
  /** The message. */
  readonly facts: MessageFacts;
  /** What to send. */
  readonly text: string;
  /** Number that the next routing decision will have, 2 or more. */
  readonly attempt: number;
  /** Earlier tries, oldest first. */
  readonly tried: readonly Attempt[];
  /** Set when an earlier submission of this message may have reached a provider: why it is repeated all the same. */
  readonly inDoubt: string | null;
  /** What this submission may cost at most, of a message that was sent on after its receipt; null: as much as it costs. */
  readonly spendLeft: number | null;
  /** ISO 4217 of spendLeft. Prices in other currencies are compared by the catalog's rates; without one they are too high. */
  readonly spendCurrency: string | null;
  /** What the message has taken of its account's budget and no provider has accepted; null: nothing. */
  readonly charge: BudgetCharge | null;
}

/** A request to send one message: what ingest and upstream systems produce to sms.requests.<lane>, keyed by the destination (E.164 digits, no plus). The lane is the topic's. */
export interface SendRequest {
  /** Names the message, so that a repeat is dropped: the same id to the same number. A UUID of any version, which becomes the message's id (lower case, without braces or urn:uuid:). Any other text is a key of the account, as an Idempotency-Key is over HTTP: the id is derived from it and the destination. Null, empty, blank, and the UUIDs of only zeros or only f: none is given, and the id is derived from the record's topic, partition and offset. An id that comes with another text to the same number is a dead letter (id-reused). */
  readonly messageId: string | null;
  /** The account that pays for the message. */
  readonly accountId: string;
  /** Destination; E.164, with or without the plus. Another spelling is normalised and re-keyed. */
  readonly to: string;
  /** Sender id: a name of up to 11 ASCII characters of the GSM alphabet, a short code of up to 8 digits, or a full number of up to 15 digits with its country code; a plus or 00 may stand before it. Null or empty: the provider's default. */
  readonly from: string | null;
  /** The text, 1 to 1600 characters. */
  readonly text: string;
  /** Seconds from acceptance, or from sendAt, after which the message is not submitted any more: 30 to 604800; null: 86400. */
  readonly validitySeconds: number | null;
  /** The customer's own reference, up to 64 characters. Null or empty: none. */
  readonly reference: string | null;
  /** Where status callbacks go (http or https), up to 512 characters. Null or empty: none. */
  readonly callbackUrl: string | null;
  /** Up to ten short labels, for analytics. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When ingest accepted it; null: the append time of the record. */
  readonly acceptedAt: number | null;
  /** Whether plain characters may stand in for what the GSM alphabet lacks, where that changes no meaning and saves a segment: quotes, dashes, dots, blanks, ligatures, what has no width. */
  readonly transliterate: boolean;
  /** Not before this moment: up to 35 days ahead. The validity counts from it. One that has passed by no more than ten minutes: now. Null: now. */
  readonly sendAt: number | null;
  /** Set by the SMPP door: where receipts go. Null: nowhere. */
  readonly receiptTo: ReceiptTo | null;
}

/** Whose receipts a process of ingest can deliver: sms.smpp-binds (compacted, one partition), keyed by the instance. Written when it changes and every few seconds; one that has not been heard of for longer is gone. */
export interface SmppBinds {
  /** Name of the process. */
  readonly instance: string;
  /** Accounts that have a bind there which may receive. */
  readonly accounts: readonly string[];
  /** When it was said. */
  readonly at: number;
}

/** What a deliver_sm says that is a message from a handset, or a part of one. */
export interface SmppContent {
  /** data_coding (SMPP 3.4, 5.2.19): 0 for GSM 03.38, one septet an octet; 4 for octets; 8 for UTF-16, the high octet first. */
  readonly dataCoding: number;
  /** Whether the octets begin with a user data header: that of a part. */
  readonly header: boolean;
  /** short_message: with its header at most 160 octets (GSM 03.38), or 140. */
  readonly octets: Buffer;
}

/** A part of a long message that came over SMPP: sms.smpp-parts, keyed by destination. It is kept before its client is answered; whoever owns the partition puts the parts of a message together and hands it in. */
export interface SmppPart {
  /** The account that sends the message. */
  readonly accountId: string;
  /** UUID of the part. The message's own is that of its first part. */
  readonly messageId: string;
  /** Destination, E.164 digits without the plus. Also the record key. */
  readonly to: string;
  /** Sender id; null: the account's own. */
  readonly from: string | null;
  /** Lane of the message. */
  readonly lane: Lane;
  /** As in SendRequest. */
  readonly validitySeconds: number | null;
  /** As in SendRequest. */
  readonly sendAt: number | null;
  /** Reference number of the concatenation: the same for all parts. */
  readonly reference: number;
  /** Parts of the message. */
  readonly total: number;
  /** Number of this part, from 1. */
  readonly part: number;
  /** Alphabet of the octets: gsm7, latin1, ascii, ucs2, or a name of the WHATWG encoding standard. */
  readonly alphabet: string;
  /** User data header with its length octet; null: there was none, or it says no more than the place of the part. */
  readonly header: Buffer | null;
  /** The part's text, as it came, without its header. */
  readonly octets: Buffer;
  /** Where its receipts go; null: none was asked for. */
  readonly receiptTo: ReceiptTo | null;
}

/** A receipt that waits for a bind of its account, or a message from a handset, or a part of one: sms.smpp-receipts (compacted), keyed by account + '/' + message_id + '/' + destination_addr, with '/enroute' behind it for an intermediate notification; messages from handsets by account + '/in-' + epoch milliseconds + '-' + id, with '/' and a number of three digits behind it for a part. It stands in the account's partition, and is removed when a client has acknowledged it. */
export interface SmppReceipt {
  /** The account whose binds may have it. */
  readonly accountId: string;
  /** The message_id that the client was answered; of a message from a handset its own. */
  readonly id: string;
  /** The addresses as they were submitted, of a message from a handset the other way round: dest has sent it, source gets it; ids is empty. */
  readonly to: ReceiptTo;
  /** State as receipts write it: DELIVRD, EXPIRED, DELETED, UNDELIV, UNKNOWN, REJECTD, ENROUTE; of a message from a handset RECEIVED. */
  readonly state: string;
  /** Three digits; 000: none, 999: one that is no number of three digits. */
  readonly error: string;
  /** When the message was accepted. */
  readonly submittedAt: number;
  /** When it reached the state, as far as the provider says so. */
  readonly doneAt: number;
  /** Since when it waits. */
  readonly at: number;
  /** What a message from a handset says; null: it is a receipt. */
  readonly content: SmppContent | null;
}

/** Which destinations some of a provider's ids belong to, for receipts that do not say: sms.submission-index, in the partition of provider + '/' + id. Written for messages that wait for their receipt for longer than some seconds. */
export interface SubmissionIndex {
  /** The provider. */
  readonly provider: string;
  /** Its message ids, in small letters and without leading zeros. */
  readonly ids: readonly string[];
  /** The destination of each id, E.164 digits. */
  readonly destinations: readonly string[];
}

/** Traffic that is abnormal: sms.abnormal (compacted, kept for 90 days), keyed by id. The newest record of an id holds. One that goes on is said again every ten minutes, so one that is not over and has not been said for half an hour counts for nothing. */
export interface Suspicion {
  /** The same from its beginning to its end. */
  readonly id: string;
  /** pumping, burst, stolen-key, grey-route or forged-receipts; further ones may come. */
  readonly kind: string;
  /** notice: for a list. warning: for a person. critical: for a guard that acts. The gravest so far. */
  readonly level: string;
  /** The account that is meant; null where none is in particular, as with the others. */
  readonly account: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** E.164 digits without the last four; never a whole number. */
  readonly range: string | null;
  /** Sender id. */
  readonly sender: string | null;
  /** Provider. */
  readonly provider: string | null;
  /** What is compared, for people. */
  readonly measure: string;
  /** What is usual of the measure. */
  readonly expected: number;
  /** What it is. */
  readonly seen: number;
  /** How much likelier what is seen is under another rate than under the expected one, as a natural logarithm: 30 make a warning, 60 critical. */
  readonly surprise: number;
  /** What goes on being spent in an hour, micro-units by currency (ISO 4217). */
  readonly hourly: Readonly<Record<string, number>>;
  /** Beginning of the minute in which it was found first. */
  readonly since: number;
  /** Beginning of the newest minute in which it was found. */
  readonly at: number;
  /** Nothing of it has been found for so long that it is over. */
  readonly over: boolean;
}

/** What an instance of ingest has done of an upload: sms.uploads, keyed by account + '/' + the upload's key. Written when an upload begins, for each block of lines whose messages are stored, every few seconds while it goes on, and when it ends. */
export interface UploadBlock {
  /** Name of the request that wrote it; an upload that is taken up again has another one. */
  readonly session: string;
  /** First line of the block in the uploaded file, from 1; 0 where there is none. */
  readonly first: number;
  /** Four octets for each line from the first on: what stands for the content of the message that was accepted of it; 0 where none was. */
  readonly fingerprints: Buffer;
  /** What the session has written of lines that no block has said was written at or after this time. */
  readonly pendingSince: number;
  /** When it was said. */
  readonly at: number;
  /** Whether it is the session's last word: it has nothing under way any more. */
  readonly ended: boolean;
}

/** What a partition of the router has counted for a cap of the catalog: sms.usage (compacted), keyed by cap + '/' + partition + '/' + value. Written every second for what has changed; removed when its day is over. */
export interface Usage {
  /** Id of the cap. */
  readonly cap: string;
  /** What is counted: the sender, or the account and its campaign with a slash between them. */
  readonly value: string;
  /** Partition of the message topics. */
  readonly partition: number;
  /** Decisions up to then are counted. */
  readonly at: number;
  /** The end of the hour that hour counts: from then on it is 0. */
  readonly hourEnd: number;
  /** Messages or segments in that hour. */
  readonly hour: number;
  /** The end of the day that day counts. */
  readonly dayEnd: number;
  /** The same of that day. */
  readonly day: number;
}
