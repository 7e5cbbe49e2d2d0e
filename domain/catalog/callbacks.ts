import { z } from "zod";

/** How an account's addresses are called (docs/callbacks.md). */
export const callbacksSchema = z
  .strictObject({
    /**
     * standard: JSON, signed by Standard Webhooks. cloudevents: the same content as a CloudEvent, likewise signed. twilio: a form as Twilio posts it, with
     * X-Twilio-Signature. kannel: a GET of the address with Kannel's escapes filled in. jasmin: a form, or a GET, as Jasmin sends it, which is answered by
     * ACK/Jasmin.
     */
    form: z.enum(["standard", "cloudevents", "twilio", "kannel", "jasmin"]).default("standard"),
    /**
     * Sign what is posted: Base64 behind `whsec_`, or any text. With several, a receiver that has any of them accepts it, so that one can be changed;
     * the form of Twilio has room for one signature, by the first.
     */
    secrets: z.array(z.string().min(1).max(512)).min(1).max(4).optional(),
    /** In place of secrets: nobody can tell who has posted. */
    unsigned: z.literal(true).optional(),
    /** Requests a second to one address at the most; as fast as it answers if absent. */
    perSecond: z.number().positive().max(100_000).optional(),
    /** AccountSid of the form of Twilio; made of the account's id if absent. */
    accountSid: z
      .string()
      .regex(/^AC[0-9a-f]{32}$/, "AC and 32 hexadecimal digits in small letters")
      .optional(),
  })
  .refine(
    ({ secrets, unsigned }) => (secrets === undefined) !== (unsigned === undefined),
    "either secrets, which sign what is posted, or unsigned: true",
  )
  .refine(({ form, accountSid }) => accountSid === undefined || form === "twilio", {
    path: ["accountSid"],
    message: "goes with form: twilio",
  });

export type Callbacks = z.output<typeof callbacksSchema>;
