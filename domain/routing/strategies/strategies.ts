import type { RouteStrategy } from "../../catalog/route.ts";
import { priority } from "./priority.ts";
import type { Strategy } from "./strategy.ts";
import { weighted } from "./weighted.ts";

/** What a route may name as its strategy. */
export const strategies: Readonly<Record<RouteStrategy, Strategy>> = {
  priority,
  weighted,
};
