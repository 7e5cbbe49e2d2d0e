import { z } from "zod";
import { type Account, accountSchema } from "./account.ts";
import { type Cap, capsSchema } from "./cap.ts";
import { type ExchangeRates, exchangeRatesSchema } from "./exchange-rates.ts";
import { type Portability, portabilitySchema } from "./portability.ts";
import { type Provider, providerSchema } from "./provider.ts";
import { type QuietHours, quietHoursListSchema } from "./quiet-hours.ts";
import { type Region, regionSchema } from "./region.ts";
import { type Route, routeSchema } from "./route.ts";
import { type SenderPlace, senderPlaceSchema } from "./sender-place.ts";

/** All configuration data of an installation, checked as a whole. */
export interface Catalog {
  accounts: Account[];
  providers: Provider[];
  /** In order: the first whose conditions hold decides. */
  routes: Route[];
  /** Providers that were removed and may still have messages in their topics or owe receipts; none of the files has them. */
  retired: Provider[];
  /** Groups of countries that routes name. */
  regions: Region[];
  /** By what prices in several currencies are compared. */
  rates?: ExchangeRates | undefined;
  /** How the networks of ported numbers are found out. */
  portability?: Portability | undefined;
  /** Whom messages may come from, by place. */
  senders?: SenderPlace[] | undefined;
  /** How much may go from each sender and for each campaign. */
  caps?: Cap[] | undefined;
  /** When people may be written to; the first rule that holds for a message counts. */
  quietHours?: QuietHours[] | undefined;
}

export const catalogSchema = z.strictObject({
  accounts: z.array(accountSchema).default([]),
  providers: z.array(providerSchema).default([]),
  routes: z.array(routeSchema).default([]),
  retired: z.array(providerSchema).default([]),
  /** When each of them was removed, epoch ms. */
  retiredSince: z.record(z.string(), z.int()).optional(),
  regions: z.array(regionSchema).default([]),
  rates: exchangeRatesSchema.optional(),
  portability: portabilitySchema.optional(),
  senders: z.array(senderPlaceSchema).optional(),
  caps: capsSchema.optional(),
  quietHours: quietHoursListSchema.optional(),
});
