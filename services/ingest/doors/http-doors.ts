import type { RequestListener } from "node:http";
import { restApp } from "./rest/rest-app.ts";
import type { RestContext } from "./rest/rest-context.ts";
import { isSendSms, sendSmsApp } from "./sendsms/sendsms-app.ts";
import type { SendSmsContext } from "./sendsms/sendsms-context.ts";
import { TWILIO_PREFIX, twilioApp } from "./twilio/twilio-app.ts";
import type { TwilioContext } from "./twilio/twilio-context.ts";

/** Everything that the doors of the HTTP server work with. */
export type DoorsContext = RestContext & TwilioContext & SendSmsContext;

/** The doors of one HTTP server: each has its own paths, its own form and its own errors. What is nobody else's is the REST interface's. */
export function httpDoors(context: DoorsContext): RequestListener {
  const rest = restApp(context);
  const twilio = twilioApp(context);
  const sendSms = sendSmsApp(context);
  return (request, response) => {
    const { url = "" } = request;
    if (url.startsWith("/v1/")) rest(request, response);
    else if (url.startsWith(TWILIO_PREFIX)) twilio(request, response);
    else if (isSendSms(url)) sendSms(request, response);
    else rest(request, response);
  };
}
