import { routeStrategies } from "../../../../domain/catalog/route.ts";
import { lanes } from "../../../../domain/message/lane.ts";
import { requestLimits } from "../../../../domain/message/validation.ts";
import { verdicts } from "../../../../domain/routing/candidate.ts";
import { takenReasons, untakenReasons } from "../../../../domain/routing/choose-provider.ts";
import { holdRules } from "../../../../domain/routing/explain-holds.ts";

/** The data types of `POST /v1/routes/explain`. */

const text = (description: string, more: object = {}) => ({ type: "string", description, ...more });
const number = (description: string) => ({ type: "number", description });
const orNull = (schema: object) => ({ oneOf: [schema, { const: null }] });
const list = (description: string, items: object) => ({ type: "array", description, items });
/** An object of which every field is always there. */
const record = (properties: Readonly<Record<string, object>>) => ({
  type: "object",
  required: Object.keys(properties),
  properties,
});

const explainQuestion = {
  type: "object",
  additionalProperties: false,
  required: ["to"],
  properties: {
    to: text("Destination, as in a message"),
    from: text("Sender, as in a message"),
    text: text("The text; without it the message counts as one segment", {
      minLength: 1,
      maxLength: requestLimits.textLength,
    }),
    lane: { enum: lanes, default: "transactional" },
    metadata: {
      type: "object",
      description: "Labels, as in a message: routes may look at them",
      maxProperties: requestLimits.metadataEntries,
      additionalProperties: { type: "string", maxLength: requestLimits.metadataValueLength },
    },
    transliterate: { type: "boolean", default: false, description: "As in a message" },
    sendAt: text("As in a message: the time for which it is handed in", { format: "date-time" }),
    at: text("Handed in at this time instead of now, ISO 8601 with its zone: routes may be for parts of the week", {
      examples: ["2026-01-31T12:00:00Z"],
    }),
  },
};

const health = record({
  circuit: {
    enum: ["closed", "half-open", "open", "silent"],
    description:
      "closed: it submits; half-open: it tries a few; open, silent (nothing was heard of it lately): nothing new is given to it",
  },
  reason: orNull(text("Why it is not closed, as its sender says")),
  open: { type: "boolean", description: "Whether nothing is given to it" },
  backlogSeconds: number("How long what goes before this message will take"),
  rate: number("Segments a second that it takes now"),
  segmentsThisMonth: number("Segments that it has had in the month that ends at monthEnd"),
  spentThisMonth: number(
    "What they come to without the provider's commitment in money, millionths of its currency; 0: it has none",
  ),
  monthEnd: number("When that month ends, epoch milliseconds; 0 when nothing was told of it"),
});

const delivery = record({
  probability: number("That a message is delivered"),
  p95Ms: orNull(
    number("Time from submission to delivery that 95 of 100 have at the most, ms; null: too little is known"),
  ),
  share: number("Share of its traffic that routes by delivery give it: less than 1 since its receipts collapsed"),
});

const conversion = record({
  probability: number("That a message converts"),
  told: number("Messages of the way that applications have told of, as they count now: at most 200"),
  suspect: {
    type: "boolean",
    description: "Its receipts say that it delivers, and far fewer convert than of the others' messages there",
  },
});

const candidate = record({
  provider: text("Id of the provider"),
  verdict: { enum: verdicts, description: "Why it is taken or not; docs/catalog.md has each" },
  price: orNull(text("Of a segment, decimal; null: the destination is not served")),
  currency: text("ISO 4217"),
  charged: {
    enum: ["submit", "delivery"],
    description: "Whether the price is owed for what is submitted, or delivered",
  },
  weight: number("Its share among providers of equal standing"),
  score: orNull(number("What the strategy ranked it by; null: it was not ranked")),
  health: orNull({
    ...health,
    description: "As its senders say; null: nothing was ever heard of them, which counts as well",
  }),
  delivery: orNull({
    ...delivery,
    description: "As receipts say for this network and lane; null: none yet, and it is taken to deliver as others do",
  }),
  conversion: orNull({
    ...conversion,
    description: "As applications tell for this network and lane; null: nothing of this provider in the lane",
  }),
});

const route = record({
  id: text("Id of the route"),
  place: { type: "integer", minimum: 1, description: "Its place among the routes" },
  strategy: { enum: routeStrategies },
  score: text("What the candidates' scores are"),
  conditions: list(
    "Its conditions, and which entry of each the message meets",
    record({ condition: text("Name of the condition"), met: text("The entry") }),
  ),
});

/** Why a text takes UCS-2. */
export const ucs2Cause = {
  type: "object",
  description:
    "Why it takes UCS-2: the first character that the GSM alphabet lacks; absent or null in the GSM alphabet",
  required: ["character", "codePoint", "index", "others"],
  properties: {
    character: text("The character"),
    codePoint: text("As Unicode writes it", { examples: ["U+2019"] }),
    index: { type: "integer", minimum: 0, description: "Where it stands first, in UTF-16 code units" },
    others: {
      type: "integer",
      minimum: 0,
      description: "Further characters that the alphabet lacks, each counted once",
    },
    segmentsTransliterated: {
      type: "integer",
      minimum: 1,
      description: "Segments that it would take with transliterate; absent where that saves none",
    },
  },
};

const explanation = record({
  to: text("Destination, E.164 with a plus"),
  country: text("ISO 3166-1 alpha-2"),
  network: orNull(
    record({
      mccMnc: text("Mobile country and network code"),
      name: text("Its name; empty: not known"),
      source: {
        enum: ["prefix", "lookup", "learned"],
        description: "How it is known: by the number's prefix, a look-up service, or a provider's receipt",
      },
    }),
  ),
  account: orNull(text("The account that asks")),
  lane: { enum: lanes },
  from: orNull(text("Its sender, or else the account's; null: the provider's own")),
  encoding: { enum: ["gsm7", "ucs2"] },
  segments: { type: "integer", minimum: 1 },
  segmentsSaved: { type: "integer", minimum: 0, description: "Segments that transliterate saved" },
  ucs2: orNull(ucs2Cause),
  at: text("When it is decided: sendAt, where it is later; where it waits otherwise, what would be now", {
    format: "date-time",
  }),
  catalogVersion: { type: "integer", minimum: 0, description: "The catalog that decides; 0: files" },
  holds: list(
    "What the router would have it wait for, or end it by, before it decides, in order; a provider is named all the same",
    record({
      rule: { enum: holdRules, description: "Which of its rules" },
      until: orNull(text("Until when it waits; null: it ends", { format: "date-time" })),
      detail: text("In words, as on the message's event"),
    }),
  ),
  route: orNull({ ...route, description: "Null when no route's conditions hold" }),
  provider: orNull(text("Who would take it; null: nobody, and reason says why")),
  sentAs: orNull(
    text("The sender that goes out there in place of from, by the catalog's sender rules; null: none does"),
  ),
  reason: { enum: [...takenReasons, ...untakenReasons], description: "As on the message's event" },
  candidates: list("The providers of the route", candidate),
  others: list(
    "The other providers",
    record({
      provider: text("Id of the provider"),
      verdict: { enum: ["not-in-route", "removed"], description: "removed: the catalog has it no more" },
    }),
  ),
  notes: list("What else one should know", text("In words")),
});

export const explainSchemas = { ExplainQuestion: explainQuestion, Explanation: explanation };
