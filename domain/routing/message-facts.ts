import type { Lane } from "../message/lane.ts";
import type { ValidRequest } from "../message/validation.ts";

/** What routing looks at in a message. */
export interface MessageFacts {
  /** E.164 digits without a plus. */
  readonly destination: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly mccMnc: string | undefined;
  readonly account: string;
  readonly lane: Lane;
  /** Sender id as requested. */
  readonly from: string | undefined;
  /** Its metadata. */
  readonly labels: Readonly<Record<string, string>>;
  /** Of its text; 1 where it is not said. */
  readonly segments?: number;
  /** When it is decided, epoch ms by the brokers' clock. */
  readonly at: number;
}

/** What routing looks at in a request of an account. `at`: epoch ms. */
export function factsOf(request: ValidRequest, account: string, at: number): MessageFacts {
  const { destination, country, network, lane, from, metadata, segments } = request;
  return { destination, country, mccMnc: network?.mccMnc, account, lane, from, labels: metadata ?? {}, segments, at };
}
