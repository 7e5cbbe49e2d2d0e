import { z } from "zod";
import { ABNORMALITIES } from "../abnormal/suspicion.ts";
import { country, distinct, lane, numberPrefix } from "./fields.ts";

/** What the guard does with what it suspects: nothing, say so on the event, or stop the message. */
export const guardModes = ["off", "monitor", "filter"] as const;
export type GuardMode = (typeof guardModes)[number];

const perMinute = z.number().min(1).max(1_000_000);
const sequence = z.int().min(3).max(16);

/** What is let into a country. */
const guardOfCountry = z.strictObject({
  mode: z.enum(guardModes).optional(),
  perMinute: perMinute.optional(),
  sequence: sequence.optional(),
});

/** The guard against pumped traffic: many messages to few ranges of numbers, that somebody earns by. */
export const guardSchema = z.strictObject({
  mode: z.enum(guardModes).default("monitor"),
  /** What it looks at: campaigns go to ranges of numbers as well. */
  lanes: distinct(lane).default(["otp"]),
  /** Messages a minute to the thousand numbers of one prefix, which is a number without its last three digits. */
  perMinute: perMinute.default(10),
  /** So many numbers that lie beside each other within ten minutes are a sequence. */
  sequence: sequence.default(6),
  /** A prefix is let through again when nothing has spoken against it for so long. */
  quietMinutes: z.number().min(1).max(1_440).default(15),
  /** Other thresholds and modes by country. */
  countries: z.record(country, guardOfCountry).default({}),
  /** Numbers that begin so are never stopped: an employer's own range. */
  allow: z.array(numberPrefix).max(1_000, "1,000 prefixes at the most").default([]),
  /** Which critical suspicions of sms.abnormal count as well. */
  suspicions: z.array(z.enum(ABNORMALITIES)).default(["pumping"]),
});

export type Guard = z.output<typeof guardSchema>;
