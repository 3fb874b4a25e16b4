/** A 95 % two-sided confidence interval, ends included. An infinite end says that the sample sets no bound there. */
export interface Interval {
  low: number
  high: number
}

/** The chance left on each side of a 95 % two-sided interval. */
export const TAIL = 0.025

/** The standard normal quantile that leaves `TAIL` above it. */
export const Z95 = 1.959964
