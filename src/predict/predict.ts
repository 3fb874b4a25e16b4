import { nounOf } from '../plan/noun.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { listed } from '../value/show.ts'
import { type Class, classesOf, servicesOf } from './classes.ts'
import { covering, type Range } from './outcome.ts'
import { type PlayedClass, player } from './play.ts'
import { type Pressure, pressureOn } from './pressure.ts'
import { rateOf, unevenness } from './rate.ts'
import { boundOf, type Slowest, slowestOf } from './slowest.ts'

/** What follows from a scenario by arithmetic alone, before anything is started. */
export interface Prediction {
  phases: readonly PhasePrediction[]
  /** Why there is none; null where there is. */
  none: string | null
}

export interface PhasePrediction {
  name: string
  /** Requests per second on average; of a closed loop, by how soon its callers are answered. */
  rate: number
  kinds: readonly KindPrediction[]
  clusters: readonly Pressure[]
}

/** One kind of request in one phase. Null: not predicted, and `why` says why. */
export interface KindPrediction {
  request: string
  cluster: string | null
  /** Among all requests of the load. */
  share: number
  /** Of all its requests, those that come to the router. */
  routed: number
  /** Expected status within the deadline. */
  success: Range | null
  /** Per request that comes to the router. */
  attempts: Range | null
  slowest: Slowest
  /** Of its requests, by the answer that callers see, the commonest first; only where success is predicted to a point. */
  statuses: readonly { status: number | null; share: number }[]
  why: readonly string[]
}

/**
 * What a try takes besides delays and service: nothing at best, and at most so much on a machine that is not starved.
 * What hangs on less than this is left open: the prediction becomes a range.
 */
const MOST_OVERHEAD_MS = 5

/**
 * Predicts each phase from its faults, its load and its policy.
 *
 * Assumed: each try draws its faults anew and goes to any replica with the same chance; the upstream is as fast as the
 * scenario says; phases do not reach into each other. Where a limit would refuse, queue or eject, that is said instead.
 */
export function predict(scenario: Scenario, plan: Plan): Prediction {
  if (!isStraight(plan)) {
    const between = plan.app === undefined ? 'load.target' : 'the app'
    return { phases: [], none: `nothing is predicted: what ${between} makes of a ${nounOf(plan)} is not known` }
  }
  if (plan.containers.length > 0) {
    const clusters = [...new Set(plan.containers.map(({ cluster }) => cluster))]
    return {
      phases: [],
      none: `nothing is predicted: how soon ${listed(clusters, 'and')} will answer, and what, is not known of a container`,
    }
  }
  const services = servicesOf(plan)
  const play = player()
  const [least, most] = endsOfRamps(plan)
  const whole = (of: Plan, using: typeof play) => plan.phases.map((_, phase) => phaseOf(scenario, of, phase, services, using))
  if (least === most) return { phases: whole(plan, play), none: null }
  const [atLeast, atMost] = [whole(least, player()), whole(most, player())]
  return { phases: atMost.map((phase, i) => ramped(phase, atLeast[i] as PhasePrediction)), none: null }
}

/** The plan with each ramp at its lower end, and at its upper; twice the plan itself where it has none. */
function endsOfRamps(plan: Plan): [Plan, Plan] {
  if (plan.faults.every(({ ramp }) => ramp === undefined)) return [plan, plan]
  const at = (end: (...values: number[]) => number): Plan => ({
    ...plan,
    faults: plan.faults.map((fault) => (fault.ramp === undefined ? fault : { ...fault, percent: end(fault.ramp.from, fault.ramp.to) })),
  })
  return [at(Math.min), at(Math.max)]
}

/** What a phase with ramps comes to lies between what it would at their ends; its limits meet the upper one. */
function ramped(most: PhasePrediction, least: PhasePrediction): PhasePrediction {
  const between = (a: Range | null, b: Range | null | undefined) => (a === null || b === null || b === undefined ? null : covering([a, b]))
  return {
    ...most,
    kinds: most.kinds.map((kind, i) => {
      const other = least.kinds[i]
      const [success, attempts] = [between(kind.success, other?.success), between(kind.attempts, other?.attempts)]
      const isSame = JSON.stringify(kind.statuses) === JSON.stringify(other?.statuses)
      return { ...kind, success, attempts, statuses: isSame ? kind.statuses : [] }
    }),
  }
}

function phaseOf(
  scenario: Scenario,
  plan: Plan,
  phase: number,
  services: ReturnType<typeof servicesOf>,
  play: ReturnType<typeof player>,
): PhasePrediction {
  const { name, from, to } = plan.phases[phase] as Plan['phases'][number]
  const classes = classesOf(scenario, plan, phase, services)
  const played = classes.map((of) => ({ of, played: play(of, 0) }))
  const rate = rateOf(plan, phase, played)
  const names = [...new Set(classes.flatMap(({ route }) => route?.cluster ?? []))]
  const clusters = names.map((cluster) =>
    pressureOn(
      cluster,
      played.filter(({ of }) => of.route?.cluster === cluster),
      { scenario, plan, rate, ...unevenness(scenario, phase), phaseMs: to - from },
    ),
  )
  const kinds = played.map(({ of, played: unhindered }) =>
    kindOf(of, { play, unhindered, pressure: clusters.find(({ cluster }) => cluster === of.route?.cluster) }),
  )
  return { name, rate, kinds, clusters }
}

interface Known {
  play: ReturnType<typeof player>
  /** How it would go if no limit acted. */
  unhindered: PlayedClass
  pressure: Pressure | undefined
}

const SLOW_UPLOAD = 'upload sends the body slowly: the first try begins meanwhile, and its limits when it is whole'

const CHOSEN = 'every, first and mode: exact choose whole requests, and the arithmetic is of single tries'

function kindOf(of: Class, { play, unhindered, pressure }: Known): KindPrediction {
  const { name: request, share, route } = of
  const base = { request, share, cluster: route?.cluster ?? null, routed: unhindered.routed }
  const unpredicted = [...(of.upload > 0 ? [SLOW_UPLOAD] : []), ...(of.isChosen ? [CHOSEN] : []), ...(pressure?.unpredicted ?? [])]
  if (unpredicted.length > 0) return { ...base, success: null, attempts: null, slowest: boundOf(of), statuses: [], why: unpredicted }
  const suppressed = pressure?.suppressed ?? null
  const variants = [unhindered, play(of, MOST_OVERHEAD_MS)]
  if (suppressed !== null && unhindered.attempts > 1) variants.push(...[0, MOST_OVERHEAD_MS].map((overhead) => play(of, overhead, 1)))
  return {
    ...base,
    success: covering(variants.map(({ success }) => ({ low: success, high: success }))),
    attempts: covering(variants.map(({ attempts }) => ({ low: attempts, high: attempts }))),
    slowest: slowestOf(of),
    statuses: unhindered.answers.map(({ status, share }) => ({ status, share })),
    why: suppressed === null || unhindered.attempts <= 1 ? [] : [suppressed],
  }
}

/** The kinds together, each by how many of its requests there are; null where one of them is not predicted. */
export function together(kinds: readonly KindPrediction[], of: 'success' | 'attempts'): Range | null {
  const weightOf = (kind: KindPrediction) => kind.share * (of === 'attempts' ? kind.routed : 1)
  const counted = kinds.filter((kind) => weightOf(kind) > 0)
  const weight = counted.reduce((sum, kind) => sum + weightOf(kind), 0)
  if (weight === 0) return null
  let [low, high] = [0, 0]
  for (const kind of counted) {
    const range = kind[of]
    if (range === null) return null
    low += (range.low * weightOf(kind)) / weight
    high += (range.high * weightOf(kind)) / weight
  }
  return { low, high }
}
