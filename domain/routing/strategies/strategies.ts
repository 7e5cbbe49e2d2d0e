import type { RouteStrategy } from "../../catalog/route.ts";
import { balanced } from "./balanced.ts";
import { leastCost } from "./least-cost.ts";
import { leastCostPerDelivered } from "./least-cost-per-delivered.ts";
import { priority } from "./priority.ts";
import { sticky } from "./sticky.ts";
import type { Strategy } from "./strategy.ts";
import { weighted } from "./weighted.ts";

/** What a route may name as its strategy. */
export const strategies: Readonly<Record<RouteStrategy, Strategy>> = {
  priority,
  weighted,
  balanced,
  "least-cost": leastCost,
  "least-cost-per-delivered": leastCostPerDelivered,
  sticky,
};
