import type { Installation } from "./installation.ts";

interface Stats {
  readonly peakSegmentsPerSecond: number;
  readonly ledger: { readonly references: number };
  /** Receipts (callbacks) that we have answered well. */
  readonly receipts: { readonly acknowledged: number };
}

const EVERY_MS = 200;

/** Watches how many messages reach the providers, and for how long none does. */
export class SubmissionWatch {
  /** Longest time without a new message at any provider, ms. */
  longest = 0;
  private readonly installation: Installation;
  private seen = 0;
  private since = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private asking = false;

  constructor(installation: Installation) {
    this.installation = installation;
  }

  start(): void {
    this.since = performance.now();
    this.longest = 0;
    this.timer = setInterval(() => void this.look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const all = Object.values(await providerStats(this.installation));
      const now = performance.now();
      const messages = all.reduce((sum, { ledger }) => sum + ledger.references, 0);
      this.longest = Math.max(this.longest, now - this.since);
      if (messages > this.seen) this.since = now;
      this.seen = messages;
    } finally {
      this.asking = false;
    }
  }
}

/** What the provider simulators say of themselves. */
export async function providerStats({ simulators }: Installation): Promise<Record<string, Stats>> {
  const ask = async ([id, url]: [string, string]) =>
    [id, (await (await fetch(`${url}/stats`)).json()) as Stats] as const;
  return Object.fromEntries(await Promise.all(Object.entries(simulators).map(ask)));
}

/** References of all messages that providers have received. */
export async function readLedgers({ simulators }: Installation): Promise<Set<string>> {
  const ledgers = await Promise.all(
    Object.values(simulators).map(async (url) => (await (await fetch(`${url}/ledger`)).text()).split("\n")),
  );
  const lines = ledgers.flat().filter((line) => line !== "");
  return new Set(lines.flatMap((line) => (JSON.parse(line) as { reference?: string }).reference ?? []));
}
