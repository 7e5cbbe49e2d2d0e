/** What the page of accounts has to show on the running cluster: budgets near their end, and messages for later. */
import { setTimeout as pause } from "node:timers/promises";
import type { ClusterConfig } from "../../infra/local/cluster-config.ts";
import { sluiceEnvironment } from "../../infra/local/sluice-processes.ts";
import { LiveCatalogFiles } from "../fixture/live-catalog.ts";
import { sendMessage, until } from "./tour-events.ts";

/** Of an account, as the console's `/api/account-terms` has them. */
export interface ShownBudgets {
  readonly accounts: readonly {
    readonly id: string;
    readonly budget: { readonly periods: readonly { readonly period: string; readonly used: number | null }[] } | null;
  }[];
}

const WITHIN_MS = 120_000;
const HOUR_MS = 3_600_000;
/** Less than a fifth of the greater budget, so that its last fifth is met. */
const AT_ONCE = 8;
const BUDGETS: Readonly<Record<string, object>> = {
  acme: { currency: "EUR", daily: "4", monthly: "60", zone: "Europe/Berlin", whenReached: "wait" },
  nordbank: { currency: "EUR", daily: "2.7", zone: "Europe/Berlin", whenReached: "refuse" },
};
/** Shares of the day's budgets that are spent. Hardly a budget is used up to the last cent: what is left is less than a message costs. */
const SPENT: Readonly<Record<string, number>> = { nordbank: 0.95, acme: 0.8 };

/**
 * Applies a version of the catalog with budgets, and has them spent by messages.
 * @param ask what the console shows of them
 * @returns applies the catalog's files again as they are
 */
export async function spendBudgets(
  config: ClusterConfig,
  ask: () => Promise<ShownBudgets>,
): Promise<() => Promise<void>> {
  const catalog = new LiveCatalogFiles(sluiceEnvironment(config));
  const files = catalog.read(sluiceEnvironment(config).SLUICE_CATALOG_DIR!);
  const apply = async (budgets: typeof BUDGETS, note: string): Promise<void> => {
    const accounts = files.accounts.map((one) => {
      const budget = budgets[String(one.id)];
      return budget === undefined ? one : { ...one, budget };
    });
    const { code, err } = await catalog.apply({ ...files, accounts }, "--note", note);
    if (code !== 0) throw new Error(`the catalog: ${err}`);
  };
  const back = async (): Promise<void> => {
    await apply({}, "without the pictures' budgets");
    catalog.remove();
  };
  await apply(BUDGETS, "budgets for the pictures");
  try {
    await spend(config, ask);
    for (const hours of [3, 20])
      await sendMessage(config, "later", { sendAt: new Date(Date.now() + hours * HOUR_MS).toISOString() });
  } catch (error) {
    await back();
    throw error;
  }
  return back;
}

/** Sends until so much of the budgets is spent. */
async function spend(config: ClusterConfig, ask: () => Promise<ShownBudgets>): Promise<void> {
  for (const [account, wanted] of Object.entries(SPENT))
    await until(`${wanted} of the budget of ${account} is spent`, WITHIN_MS, async () => {
      const isSpent = async () => {
        const { accounts } = await ask();
        const periods = accounts.find(({ id }) => id === account)?.budget?.periods ?? [];
        return (periods.find(({ period }) => period === "day")?.used ?? 0) >= wanted;
      };
      if (await isSpent()) return true;
      for (let sent = 0; sent < AT_ONCE; sent++) await sendMessage(config, "budget", { account });
      // The routers tell what is spent once a second.
      await pause(2_000);
      return (await isSpent()) || undefined;
    });
}
