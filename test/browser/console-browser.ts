import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Of Debian's package; CHROMIUM names another. */
export const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
];

/** A page that has not come by then does not come, ms. */
const NAVIGATION_MS = 60_000;

export const startBrowser = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** How a page is looked at. */
export interface Look {
  readonly theme: "light" | "dark";
  /** px */
  readonly width: number;
  readonly height: number;
}

/** A page that logs in by the address, with what went wrong on it. */
export async function openConsole(
  context: BrowserContext,
  address: string,
): Promise<{ readonly page: Page; readonly faults: string[] }> {
  const page = await context.newPage();
  page.setDefaultNavigationTimeout(NAVIGATION_MS);
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(address);
  return { page, faults };
}
