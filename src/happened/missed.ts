import { clustersOf, cutsOf, isRejected, type RequestRecord, retriesOf, suppressionsOf } from '../observe/record.ts'
import { TIMEOUTS, type Timeout } from '../scenario/timeouts.ts'
import { type Claim, type Counted, claimsOf } from '../verdict/claim.ts'
import { limitsOf } from '../verdict/decide.ts'
import { latencyOf } from '../verdict/finding.ts'
import { happened } from '../verdict/given.ts'
import { isAskedOf } from '../verdict/select.ts'
import type { Outcome } from '../verdict/verdict.ts'
import type { Seen } from './sentence.ts'

/** A claim that failed, and which requests made it fail. */
export interface Missed {
  claim: Claim
  /** Whether it is about a request at all. */
  isAbout: (record: RequestRecord) => boolean
  /** Whether that request is one of those that it failed by. */
  isBad: (record: RequestRecord) => boolean
  /** Ms from the due time; what takes longer than this is too slow for it. */
  patience: number
  /** The limit of time that it wanted to see at work, and that cut nothing. */
  idle: Timeout | null
}

/** The claims that failed. One that is open blames nobody: its requests may be sound. */
export function missedClaims(seen: Seen): Missed[] {
  return seen.verdict.outcomes.flatMap((outcome) => {
    if (outcome.status !== 'fail') return []
    const expectation = seen.scenario.expect[outcome.expectation]
    const claim =
      expectation &&
      claimsOf(expectation, outcome.expectation).find((each) => each.metric === outcome.metric && each.asked === outcome.asked)
    return claim === undefined ? [] : [missed(claim, outcome, seen)]
  })
}

function missed(claim: Claim, outcome: Outcome, { plan, observations: { phases, ejections } }: Seen): Missed {
  const { expectation } = claim
  const side = sideOf(claim, outcome)
  const slow =
    'condition' in claim && (claim.family === 'latency' || claim.family === 'each_latency') ? limitsOf(claim.condition).most : null
  return {
    claim,
    isAbout: (record) =>
      isAskedOf(expectation, plan, phases, record) &&
      (expectation.cluster === undefined || clustersOf(record).includes(expectation.cluster)) &&
      (expectation.given === undefined || happened(expectation.given, plan, ejections, record)),
    isBad: badBy(claim, side, slow ?? 0),
    patience: slow ?? plan.load.deadline,
    idle: claim.family === 'count' && side === 'low' && outcome.value === 0 ? timeoutIn(claim.of) : null,
  }
}

/** What was seen is too little, too much, or the claim is about each request by itself. */
type Side = 'low' | 'high' | 'each'

function sideOf(claim: Claim, { value }: Outcome): Side {
  if (!('condition' in claim)) return 'each'
  // Without a value it was infinitely large.
  if (value === null) return 'high'
  return value < limitsOf(claim.condition).least ? 'low' : 'high'
}

const hasFailed = (record: RequestRecord) => !record.success
const never = () => false

function badBy(claim: Claim, side: Side, slow: number): Missed['isBad'] {
  switch (claim.family) {
    case 'share':
      if (typeof claim.of === 'object') return isLoss(claim.of, side) ? hasFailed : never
      return (claim.of === 'success_rate' && side === 'low') || (claim.of === 'error_rate' && side === 'high') ? hasFailed : never
    case 'throughput':
      return side === 'low' ? hasFailed : never
    case 'recovery':
      return hasFailed
    case 'every':
      return 'attempts' in claim.of || isLoss(claim.of, 'low') ? hasFailed : never
    case 'latency':
    case 'each_latency':
      return side === 'low' ? never : (record) => latencyOf(record) > slow
    case 'factor':
      return side === 'high' ? (record) => retriesOf(record) > 0 : never
    case 'count':
      return side === 'high' ? countedBy(claim.of) : never
    case 'content':
      return never
  }
}

/** Too few of a success, or too many of an error. */
function isLoss(of: { status: string | number } | { grpcStatus: number } | { exitCode: string | number }, side: Side): boolean {
  const isSuccess =
    'status' in of ? /^[23]/.test(String(of.status)) : 'grpcStatus' in of ? of.grpcStatus === 0 : String(of.exitCode) === '0'
  return isSuccess === (side === 'low')
}

function countedBy(of: Counted): Missed['isBad'] {
  switch (of) {
    case 'retries':
      return (record) => retriesOf(record) > 0
    case 'retries_suppressed':
      return (record) => suppressionsOf(record) > 0
    case 'breaker_rejections':
    case 'spare_rejections':
      return isRejected
    case 'breaker_rejections.max_requests':
    case 'breaker_rejections.max_pending_requests':
      return ({ calls }) => calls.some(({ egress }) => `breaker_rejections.${egress.rejectedBy}` === of)
    case 'timeouts':
      return (record) => TIMEOUTS.some((by) => cutsOf(record, by) > 0)
    case 'ejections':
      return never
    default: {
      const by = timeoutIn(of)
      return by === null ? never : (record) => cutsOf(record, by) > 0
    }
  }
}

const timeoutIn = (of: Counted): Timeout | null => TIMEOUTS.find((by) => `timeouts.${by}` === of) ?? null
