import type { IncomingMessage } from "node:http";
import { messageIdOf } from "../../../../domain/message/twilio-sids.ts";
import type { ListedMessage } from "../../../../pipeline/read-model/account-pages.ts";
import type { Account } from "../../access/api-keys.ts";
import type { CancelOutcome } from "../../cancels/cancels.ts";
import { throttled, unavailable } from "./admission.ts";
import { type MessageResource, messageResource } from "./message-resource.ts";
import { withForm } from "./parameters.ts";
import type { TwilioContext } from "./twilio-context.ts";
import { CODES, TwilioFault } from "./twilio-fault.ts";

const PARAMETERS: ReadonlySet<string> = new Set(["Status", "Body"]);

/** `GET Messages/{Sid}.json`. @throws TwilioFault 20404; SluiceError when it cannot be looked up */
export async function fetchMessage(context: TwilioContext, account: Account, sid: string): Promise<MessageResource> {
  return messageResource(account.id, await messageOf(context, account, sid));
}

/** What came of an update. 202: the wish is written down, and nobody has said yet what came of it. */
export interface Updated {
  readonly status: 200 | 202;
  readonly body: MessageResource;
}

/**
 * `POST Messages/{Sid}.json`: Status=canceled, and the message is not sent if it waits for its time.
 * @throws TwilioFault 20404, 20422 for anything else that is to be changed, 30409 when it does not wait, 20429, 20503
 */
export async function updateMessage(
  context: TwilioContext,
  account: Account,
  sid: string,
  request: IncomingMessage,
): Promise<Updated> {
  return await withForm(request, context.bodies, PARAMETERS, async (parameters) => {
    if (parameters.has("Body"))
      throw new TwilioFault(
        400,
        CODES.invalidParameter,
        "Body: texts cannot be redacted one by one; none is kept with a message's record, and the request that has it is deleted with its topic's retention",
      );
    if (parameters.get("Status") !== "canceled")
      throw new TwilioFault(400, CODES.invalidParameter, "Status: `canceled` is all that a message can be set to");
    const message = await messageOf(context, account, sid);
    return answerOf(account, message, await context.cancels.cancel(account, message.id));
  });
}

function answerOf(account: Account, message: ListedMessage, result: CancelOutcome): Updated {
  const { outcome } = result;
  const resource = messageResource(account.id, message);
  switch (outcome) {
    case "cancelled":
      return { status: 200, body: { ...resource, status: "canceled" } };
    case "unanswered":
      return { status: 202, body: resource };
    case "too-late":
      throw new TwilioFault(
        409,
        CODES.notCancelable,
        "The message does not wait for its time (any more): nothing was canceled",
      );
    case "not-yet":
      throw new TwilioFault(
        409,
        CODES.notCancelable,
        "No router has come to the message yet: nothing was canceled, ask again",
        {
          "retry-after": "1",
        },
      );
    case "no-such-message":
      throw noSuchMessage();
    case "throttled":
      throw throttled(result);
    default:
      throw unavailable("It is not known whether the wish to cancel was written down: ask again, which does no harm");
  }
}

async function messageOf({ messages }: TwilioContext, account: Account, sid: string): Promise<ListedMessage> {
  const id = messageIdOf(sid);
  const message = id === undefined ? undefined : await messages.find(account.id, id);
  if (message === undefined) throw noSuchMessage();
  return message;
}

function noSuchMessage(): TwilioFault {
  return new TwilioFault(
    404,
    CODES.notFound,
    "This account has no message with this Sid; one that was accepted a moment ago may be known some seconds later",
  );
}
