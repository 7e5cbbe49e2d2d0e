import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { accountSchema } from "../../../../domain/catalog/account.ts";
import { capSchema } from "../../../../domain/catalog/cap.ts";
import { parseAccount, parseProvider, parseRoute } from "../../../../domain/catalog/catalog.ts";
import { deliverySettingsSchema } from "../../../../domain/catalog/delivery-settings.ts";
import { exchangeRatesSchema } from "../../../../domain/catalog/exchange-rates.ts";
import { lookupSchema } from "../../../../domain/catalog/lookup.ts";
import { portabilitySchema } from "../../../../domain/catalog/portability.ts";
import { providerSchema } from "../../../../domain/catalog/provider.ts";
import { regionSchema } from "../../../../domain/catalog/region.ts";
import { routeSchema, routeStrategies } from "../../../../domain/catalog/route.ts";
import { concealed, withSecrets } from "../../../../domain/catalog/secret-references.ts";
import { senderPlaceSchema } from "../../../../domain/catalog/sender-place.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../../docs/catalog.md"), "utf8");

test("the examples are valid", () => {
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => parse(text ?? "") as unknown);
  const region = (entry: unknown) => ({ ok: regionSchema.safeParse(entry).success });
  const rates = (entry: unknown) => ({ ok: exchangeRatesSchema.safeParse(entry).success });
  // As it is read: with its secrets in their places.
  const portability = (entry: unknown) => {
    const secrets = withSecrets({ portability: entry }, concealed);
    return { ok: secrets.ok && portabilitySchema.safeParse(secrets.value.portability).success };
  };
  const caps = (entry: unknown) => ({ ok: capSchema.safeParse(entry).success });
  const senders = (entry: unknown) => ({ ok: senderPlaceSchema.safeParse(entry).success });
  const parsers = [parseAccount, parseProvider, parseRoute, region, rates, portability, senders, caps];
  expect(blocks).toHaveLength(parsers.length);
  for (const [index, block] of blocks.entries())
    for (const entry of [block].flat()) expect([entry, parsers[index]?.(entry)]).toMatchObject([entry, { ok: true }]);
});

test("every field stands on the page", () => {
  const [smpp, http] = providerSchema.options;
  const fields = [
    ...Object.keys(accountSchema.shape),
    ...[...Object.keys(smpp.shape), ...Object.keys(http.shape)].filter((key) => key !== "smpp" && key !== "http"),
    ...Object.keys(smpp.shape.smpp.shape),
    ...Object.keys(http.shape.http.shape),
    ...Object.keys(routeSchema.shape),
    ...Object.keys(routeSchema.shape.when.def.innerType.shape),
    ...Object.keys(regionSchema.shape),
    ...Object.keys(exchangeRatesSchema.shape),
    ...Object.keys(portabilitySchema.shape),
    ...Object.keys(lookupSchema.shape),
    ...Object.keys(deliverySettingsSchema.shape),
    ...Object.keys(senderPlaceSchema.shape),
    ...Object.keys(capSchema.shape),
    ...routeStrategies,
  ];
  expect(fields.length).toBeGreaterThan(40);
  expect(fields.filter((field) => !new RegExp(`^\\|[^|]*\\b${field}\\b`, "m").test(page))).toEqual([]);
});
