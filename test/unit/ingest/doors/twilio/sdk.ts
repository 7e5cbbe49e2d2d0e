import twilio from "twilio";
import { accountSid } from "../../../../../domain/message/twilio-sids.ts";
import { ACME, KEY } from "../../ingest-harness.ts";

type Options<T> = Parameters<typeof twilio.RequestClient.prototype.request<T>>[0];

/** Twilio's own client, whose requests go to this door: its documented way to a host of one's own. */
class ToDoor extends twilio.RequestClient {
  readonly #port: number;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(port: number, headers: Readonly<Record<string, string>>) {
    super();
    this.#port = port;
    this.#headers = headers;
  }

  override request<T>(options: Options<T>) {
    const uri = options.uri.replace("https://api.twilio.com", `http://127.0.0.1:${this.#port}`);
    return super.request<T>({ ...options, uri, headers: { ...options.headers, ...this.#headers } } as Options<T>);
  }
}

export const ACME_SID = accountSid(ACME.id);

/** The official SDK as an account uses it. `headers`: sent with each request. */
export function sdk(
  port: number,
  user = ACME_SID,
  key = KEY,
  headers: Readonly<Record<string, string>> = {},
): twilio.Twilio {
  return twilio(user, key, { accountSid: ACME_SID, httpClient: new ToDoor(port, headers) });
}

/** Twilio's typed error of a call that is to fail. */
export async function errorOf(
  call: Promise<unknown>,
): Promise<{ status: number; code: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof twilio.RestException)) throw error;
    const { status, code, message } = error;
    return { status, code, message };
  }
  throw new Error("it was taken");
}
