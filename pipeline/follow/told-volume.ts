/** What a sender tells of the segments that a partition of its provider has had; `Health` has it. Times are epoch ms. */
export interface ToldVolume {
  readonly dayStart: number;
  /** 0: it does not count. */
  readonly dayEnd: number;
  readonly segmentsToday: number;
  readonly monthStart: number;
  readonly monthEnd: number;
  readonly segmentsThisMonth: number;
  /** What they come to without the provider's commitment in money, micro-units; 0 where it has none. */
  readonly spentThisMonth: number;
}

/** Segments that a provider has taken, or may have, in a calendar day and a calendar month of its quota's zone. */
export interface VolumeCount {
  readonly today: number;
  readonly thisMonth: number;
}

export const NO_VOLUME: VolumeCount = { today: 0, thisMonth: 0 };

/** What of it still holds: the count of a period that is over is 0. */
export function volumeAt(
  told: Omit<ToldVolume, "dayStart" | "monthStart" | "spentThisMonth">,
  at: number,
): VolumeCount {
  return {
    today: at < told.dayEnd ? told.segmentsToday : 0,
    thisMonth: at < told.monthEnd ? told.segmentsThisMonth : 0,
  };
}
