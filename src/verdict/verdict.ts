import type { SourcePosition } from '../scenario/scenario.ts'

export type Status = 'pass' | 'fail' | 'inconclusive'

/** One expectation is judged metric by metric; each gets an outcome. */
export interface Outcome {
  /** `expect[2]`, counted from 0 as in the document. */
  expectation: number
  /** The user's name for it, or one made from its parts: `brownout · success_rate`. */
  title: string
  phase: string | null
  /** `success_rate`, or with its part: `timeouts.per_try`, `status.503`. */
  metric: string
  /** The user's spelling: `>= 99%`. */
  asked: string
  /** What was seen, ready to print: `99.6%`; null when there was no data. */
  seen: string | null
  /** The same as a number (share in [0,1], ms, count), null when there was none or it was infinite. */
  value: number | null
  /** 95 % confidence interval of `value`, where it is an estimate; an end is null when the sample sets no bound there. Null for what is known exactly. */
  interval: { low: number | null; high: number | null; text: string } | null
  /** Requests (or windows) it rests on. */
  samples: number
  status: Status
  /** Why it is not a pass, in one sentence; null for a pass. */
  why: string | null
  /** Ids of two or three requests that show it, most telling first; empty for a pass. */
  examples: readonly string[]
  at: SourcePosition
}

export interface Verdict {
  /** `error` when the run could not be finished. */
  status: Status | 'error'
  outcomes: readonly Outcome[]
}
