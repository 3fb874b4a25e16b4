/** A percentage that moves evenly through its phase. */
export interface Ramp {
  /** At the beginning and at the end of the phase, 0 to 100. */
  from: number
  to: number
}

/** Envoy counts in millionths. */
const DECIMALS = 1e4

/** @param share - how much of the phase is over, in [0, 1] */
export const percentAt = ({ from, to }: Ramp, share: number): number =>
  Math.round((from + (to - from) * Math.min(1, Math.max(0, share))) * DECIMALS) / DECIMALS

export const meanOf = (ramp: Ramp): number => percentAt(ramp, 0.5)
