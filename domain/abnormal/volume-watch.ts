import { BoundedMap } from "./bounded-map.ts";
import { BurstParts } from "./burst-parts.ts";
import { DecayedCount } from "./decayed-count.ts";
import { SeasonalRate } from "./seasonal-rate.ts";
import { Spending } from "./spending.ts";
import { excess } from "./surprise.ts";
import type { Finding } from "./suspicion.ts";
import type { SentTraffic, TrafficMinute } from "./traffic-minute.ts";

const DAY = 1_440;
export const ACCOUNTS = 2_000;
const HALF_LIFE = 1.5;
/** So many times the highest rate of late is no longer usual; and so many times that of this time of the day, at which campaigns are sent of which
 * one may be three times as large as those before. */
const BEYOND_PEAK = 1.7;
const BEYOND_HOUR = 4;
/** Who has not been there for a week, each of its days once, may do what the largest account may do: its first campaign comes in that time. */
const KNOWN_AFTER = 8 * DAY;
/** Until traffic has been seen for so long nothing is a burst: everything is more than ever. */
const SETTLED = 3 * DAY;
/** Fewer messages in the window are never a burst. */
const LEAST = 25;
const LEAST_NATS = 12;

class AccountVolume {
  readonly usual = new SeasonalRate();
  readonly newest = new DecayedCount(HALF_LIFE);
  readonly spending = new Spending(HALF_LIFE);
}

/** Finds accounts that send many times what they ever do. */
export class VolumeWatch {
  private readonly accounts = new BoundedMap(ACCOUNTS, () => new AccountVolume());
  private readonly parts = new BurstParts(HALF_LIFE);
  readonly memory = [this.accounts, ...this.parts.memory];
  private largest = 0;
  /** First minute in which there was any traffic. */
  private first = -1;

  /** @param frozen whether an account's traffic is not to be learned from just now */
  see({ minute, sent }: TrafficMinute, frozen: (account: string) => boolean): Finding[] {
    const findings: Finding[] = [];
    if (this.first < 0 && sent.length > 0) this.first = minute;
    const isSettled = minute - this.first >= SETTLED;
    for (const [account, rows] of byAccount(sent)) {
      const volume = this.accounts.claim(account);
      let messages = 0;
      for (const row of rows) {
        messages += row.messages;
        volume.spending.add(minute, row.cost, row.currency);
      }
      const { usual, newest } = volume;
      const count = newest.add(minute, messages);
      const rate = count / newest.window;
      const limit = this.limitOf(usual, minute);
      const surprise = excess(count, (limit / BEYOND_PEAK) * newest.window + 1);
      const isBurst = isSettled && rate > limit && count >= LEAST && surprise >= LEAST_NATS && usual.first >= 0;
      const isFrozen = frozen(account);
      this.parts.see(minute, rows, !isFrozen);
      if (isBurst) {
        const expected = usual.expected(minute);
        const { subject, words } = this.parts.place(minute, rows, count - expected * newest.window);
        findings.push({
          kind: "burst",
          subject: { account, ...subject },
          measure: words === "" ? "messages a minute" : `messages a minute (${words})`,
          expected,
          seen: rate,
          surprise,
          hourly: volume.spending.hourly(minute),
        });
      }
      // A burst is a peak, too, when its hour is over: what comes again at this time of the day, such as a campaign, is told of once.
      if (isFrozen) usual.forgetNewest();
      else {
        usual.learn(minute, messages);
        usual.peaked(rate);
      }
    }
    return findings;
  }

  /** Messages a minute beyond which it is a burst. */
  private limitOf(usual: SeasonalRate, minute: number): number {
    const { peak } = usual;
    this.largest = Math.max(this.largest * 0.99999, peak);
    const own = Math.max(BEYOND_PEAK * peak, BEYOND_HOUR * usual.peakAround(minute));
    return minute - usual.first >= KNOWN_AFTER ? own : Math.max(own, BEYOND_PEAK * this.largest);
  }
}

function byAccount(sent: readonly SentTraffic[]): Map<string, SentTraffic[]> {
  const groups = new Map<string, SentTraffic[]>();
  for (const row of sent) {
    const group = groups.get(row.account);
    if (group === undefined) groups.set(row.account, [row]);
    else group.push(row);
  }
  return groups;
}
