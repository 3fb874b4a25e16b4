import type { Told } from './told.ts'

/** A way that something can go, with its chance. */
export interface Chance {
  chance: number
  ms: number
}

/** A way that one try at the upstream can end. The chances of all ways of a try add up to 1. */
export interface TryOutcome extends Chance {
  /** What it is answered with; 504 for a try that was cut, as Envoy answers for it; null for an answer that breaks off. */
  status: Told | null
  /** When its answer begins, in ms, where that is not as good as whole then: what is cut later is no answer. */
  begunMs?: number
  /** Cut by per_try_timeout. */
  cut: boolean
  /** Tried again while tries are left. */
  retried: boolean
  /** It came as far as the stub, which then works on it to the end. */
  atStub: boolean
}

/** Envoy ends a connection so much after an answer on it broke off (delayed_close_timeout): only then its caller knows. */
export const BREAK_KNOWN_MS = 1000

/** A way that a whole request can end, as its caller sees it. */
export interface RequestOutcome extends Chance {
  /** Null for one that the client gave up, or of which the answer broke off. */
  status: Told | null
}

/** What is predicted: one value, or what it lies between where the arithmetic leaves something open. */
export interface Range {
  low: number
  high: number
}

export const covering = (ranges: readonly Range[]): Range => ({
  low: Math.min(...ranges.map(({ low }) => low)),
  high: Math.max(...ranges.map(({ high }) => high)),
})
