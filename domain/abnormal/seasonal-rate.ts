/** Minutes. */
const HOUR = 60;
const HOURS_OF_DAY = 24;
const HOURS_OF_WEEK = 168;
/** What the newest visit of an hour counts for at least, in the mean of its hour of the week, its hour of the day, and of all. */
const OF_WEEK = 0.3;
const OF_DAY = 0.12;
const OF_ALL = 0.01;
/** What a peak is worth a day later. */
const PEAK_DAY = 0.97;
/** An hour of the week that was seen n times speaks for n / (n + 1), the hour of the day for the rest; likewise that and the mean of all. */
const OWN_VISIT = 1;

/**
 * What is usual of a key at an hour: the mean rate by the hour of the week, pooled upwards to the hour of the day and to the mean of all while
 * little was seen; and the highest rate that was seen lately at each hour of the day. About 1.5 KB.
 */
export class SeasonalRate {
  /** First minute in which there was any. */
  first = -1;
  private readonly week = new Float32Array(HOURS_OF_WEEK);
  private readonly visits = new Uint16Array(HOURS_OF_WEEK);
  private readonly day = new Float32Array(HOURS_OF_DAY);
  private readonly dayVisits = new Uint16Array(HOURS_OF_DAY);
  private readonly peaks = new Float32Array(HOURS_OF_DAY);
  /** The highest rates of this hour and of the one before. */
  private newest = 0;
  private newer = 0;
  private mean = 0;
  private hours = 0;
  private hour = -1;
  private sum = 0;

  /** Counts what a minute had. Minutes go forward; those that are left out had nothing. */
  learn(minute: number, messages: number): void {
    const hour = Math.floor(minute / HOUR);
    if (this.first < 0) this.first = minute;
    if (this.hour < 0) this.hour = hour;
    if (hour > this.hour) this.turn(hour);
    this.sum += messages;
  }

  /**
   * Remembers a rate, messages a minute, of a minute that has been learned. It counts as a peak an hour later at the earliest, so that
   * what begins within minutes is not its own excuse.
   */
  peaked(rate: number): void {
    if (rate > this.newest) this.newest = rate;
  }

  /** Takes back the peaks that do not count yet: they were not usual. */
  forgetNewest(): void {
    this.newest = 0;
    this.newer = 0;
  }

  /** Messages a minute that are usual at a time. */
  expected(minute: number): number {
    const hour = Math.floor(minute / HOUR);
    const [week, day] = [hour % HOURS_OF_WEEK, hour % HOURS_OF_DAY];
    const ofDay = pooled(this.day[day]!, this.dayVisits[day]!, this.mean);
    return pooled(this.week[week]!, this.visits[week]!, ofDay);
  }

  /** The highest rate of late at this time of the day, or an hour before or after it. */
  peakAround(minute: number): number {
    const slot = Math.floor(minute / HOUR) % HOURS_OF_DAY;
    const [before, after] = [(slot + HOURS_OF_DAY - 1) % HOURS_OF_DAY, (slot + 1) % HOURS_OF_DAY];
    return Math.max(this.peaks[before]!, this.peaks[slot]!, this.peaks[after]!);
  }

  /** The highest rate of late at any time of the day. */
  get peak(): number {
    return this.peaks.reduce((most, peak) => Math.max(most, peak), 0);
  }

  private turn(hour: number): void {
    // After a week of nothing further empty hours would teach nothing new.
    for (let end = Math.min(hour, this.hour + HOURS_OF_WEEK); this.hour < end; this.hour++) {
      const rate = this.sum / HOUR;
      this.sum = 0;
      const [week, day] = [this.hour % HOURS_OF_WEEK, this.hour % HOURS_OF_DAY];
      this.week[week]! += (rate - this.week[week]!) * Math.max(OF_WEEK, 1 / ++this.visits[week]!);
      this.day[day]! += (rate - this.day[day]!) * Math.max(OF_DAY, 1 / ++this.dayVisits[day]!);
      this.mean += (rate - this.mean) * Math.max(OF_ALL, 1 / ++this.hours);
      const before = (day + HOURS_OF_DAY - 1) % HOURS_OF_DAY;
      this.peaks[before] = Math.max(this.peaks[before]! * PEAK_DAY, this.newer);
      this.newer = this.newest;
      this.newest = 0;
    }
    this.hour = hour;
  }
}

function pooled(own: number, visits: number, wider: number): number {
  return (own * visits + wider * OWN_VISIT) / (visits + OWN_VISIT);
}
