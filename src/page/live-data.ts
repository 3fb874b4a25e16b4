import type { PageData } from './page-data.ts'

/** What the plots are made of. */
export type PlotData = Pick<PageData, 'noun' | 'deadline' | 'axis' | 'phases' | 'moments' | 'traffic' | 'clusters'>

/**
 * What the page shows while a run goes on: counts by the client and Envoy's gauges at each look. Rows end with the last
 * stretch that is over. What only the joined logs tell (heat, exact causes, workers) is not there.
 */
export interface LiveData extends PlotData {
  /** Of the run: another one may come to the same port. */
  id: string
  name: string
  file: string
  now: LiveNow
}

export interface LiveNow {
  stage: 'starting' | 'warm-up' | 'load' | 'judging'
  /** The place among `phases`; -1 outside of them. */
  phase: number
  /** Ms, as planned; null where that is not known. */
  phaseLeft: number | null
  runLeft: number | null
  /** `10% delay 400ms on inventory` */
  faults: readonly string[]
  sent: number
  ended: number
  failed: number
  inFlight: number
  /** Of the last second: in a second; a share in [0, 1]; ms. Null where nothing ended. */
  rate: number
  errorShare: number | null
  p99: number | null
  breakers: readonly { cluster: string; limit: string; used: number; max: number }[]
}
