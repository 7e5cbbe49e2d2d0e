import { PERIODS } from "../../../../domain/budget/budget-word.ts";
import { budgetReactions } from "../../../../domain/catalog/budget.ts";
import { problems } from "./openapi-problems.ts";

/** The part of the OpenAPI description that is about what an account may spend. */

const amount = (description: string) => ({ type: "string", description });

export const budgetSchemas = {
  Budget: {
    type: "object",
    required: ["periods"],
    properties: {
      currency: { type: "string", description: "Of the amounts, ISO 4217" },
      zone: { type: "string", description: "Whose midnight begins a day and a month, such as Europe/Berlin" },
      whenReached: {
        enum: budgetReactions,
        description: "What becomes of a message for which nothing is left: it waits for the next period, or ends",
      },
      periods: {
        type: "array",
        description: "The day, the month, or both; none: the account has no budget",
        items: { $ref: "#/components/schemas/BudgetPeriod" },
      },
    },
  },
  BudgetPeriod: {
    type: "object",
    required: ["period", "limit", "state", "endsAt"],
    properties: {
      period: { enum: PERIODS },
      limit: amount("What may be spent in it, decimal"),
      spent: amount("What routers have told that they spent; not there until it is known"),
      left: amount("The rest, 0 at the least; not there until it is known"),
      state: {
        enum: ["unknown", "room", "near-end", "used-up"],
        description: "near-end: more than four fifths are spent. unknown: this instance has just begun to read",
      },
      endsAt: { type: "string", format: "date-time", description: "When it begins anew" },
    },
  },
};

export const budgetOperation = {
  operationId: "getBudget",
  summary: "What the account may spend, has spent, and has left",
  description: "By the catalog, and by what routers have told: some seconds behind. It needs no analytics.",
  parameters: [],
  responses: {
    200: {
      description: "Its budget",
      headers: {},
      content: { "application/json": { schema: { $ref: "#/components/schemas/Budget" } } },
    },
    ...problems({
      400: "INVALID_QUERY: there is a query parameter",
      401: "UNAUTHORIZED: no valid API key",
    }),
  },
};
