import { type MessageRequest, readMessageRequest, type TwilioError } from "./message-request.ts";
import type { HttpProviderSettings } from "./settings.ts";

export type Account = HttpProviderSettings["accounts"][number];

/** What of an HTTP request decides where it goes. */
export interface IncomingPost {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const messagesPath = /^\/2010-04-01\/Accounts\/([^/]+)\/Messages\.json$/;

/** Accounts by the value of the Authorization header that proves them (HTTP Basic). */
export function accountsByAuthorization(accounts: readonly Account[]): ReadonlyMap<string, Account> {
  return new Map(
    accounts.map((account) => {
      const credentials = Buffer.from(`${account.sid}:${account.authToken}`).toString("base64");
      return [`Basic ${credentials}`, account];
    }),
  );
}

/** The message that a request asks for and the account that asks, or the error that Twilio would answer. */
export function routeMessage(
  post: IncomingPost,
  accounts: ReadonlyMap<string, Account>,
): { readonly message: MessageRequest; readonly account: Account } | { readonly error: TwilioError } {
  const path = (post.url ?? "/").split("?", 1)[0]!;
  const sid = messagesPath.exec(path)?.[1];
  if (sid === undefined) {
    return { error: { status: 404, code: 20_404, message: `The requested resource ${path} was not found` } };
  }
  if (post.method !== "POST") return { error: { status: 405, code: 20_004, message: "Method not allowed" } };
  const account = accounts.get(post.authorization ?? "");
  if (account?.sid !== sid) return { error: { status: 401, code: 20_003, message: "Authenticate" } };
  const message = readMessageRequest(post.body);
  return "error" in message ? message : { message, account };
}
