import { lanes } from "../../../../domain/message/lane.ts";
import { problems } from "./openapi-problems.ts";
import { USAGE_DAYS } from "./usage-route.ts";

/** The part of the OpenAPI description that is about what an account has used. */

const count = (description: string) => ({ type: "integer", minimum: 0, description });
const day = (description: string) => ({ type: "string", format: "date", description });

export const usageSchemas = {
  UsageOfDay: {
    type: "object",
    required: ["day", "lane", "submitted", "segments", "delivered", "costs"],
    properties: {
      day: day("The day, UTC"),
      lane: { enum: lanes },
      submitted: count("Messages that providers took, repeats included"),
      segments: count("Their segments"),
      delivered: count("Messages that were known on this day to be delivered"),
      costs: {
        type: "object",
        description: "What they cost, decimal amounts by currency (ISO 4217), which are never added up",
        propertyNames: { pattern: "^[A-Z]{3}$" },
        additionalProperties: { type: "string" },
      },
    },
  },
  Usage: {
    type: "object",
    required: ["from", "until", "usage"],
    properties: {
      from: day("The first day, UTC"),
      until: day("The day behind the last one, UTC"),
      usage: {
        type: "array",
        description: "By day, then by lane; those without any are left out",
        items: { $ref: "#/components/schemas/UsageOfDay" },
      },
    },
  },
};

export const usageOperation = {
  operationId: "getUsage",
  summary: "What you have used, by day and lane",
  description:
    "Messages, segments and costs at providers, from sums that run some seconds behind and are kept for 25 months. Costs are the providers', not a price list's.",
  parameters: [
    {
      ...{ name: "from", in: "query", example: "2026-01-01" },
      description: `The first day, UTC; default: ${USAGE_DAYS.usual} days before until`,
      schema: { type: "string", format: "date" },
    },
    {
      ...{ name: "until", in: "query", example: "2026-02-01" },
      description: `The day behind the last one, UTC, ${USAGE_DAYS.most} days behind from at the most; default: tomorrow`,
      schema: { type: "string", format: "date" },
    },
  ],
  responses: {
    200: {
      description: "The sums",
      headers: {},
      content: { "application/json": { schema: { $ref: "#/components/schemas/Usage" } } },
    },
    ...problems({
      400: "INVALID_QUERY: errors names each parameter and what it allows",
      401: "UNAUTHORIZED: no valid API key",
      429: "TOO_MANY_REQUESTS: too many look-ups at once",
      503: "UNAVAILABLE: analytics does not answer",
    }),
  },
};
