import { PATIENCE_MS } from '../scenario/limits.ts'
import { isHedged, triesOf } from '../scenario/policy.ts'
import type { Route } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { formatMs } from '../units.ts'
import { tryLimitOf } from './classes.ts'
import { type LimitName, type TimeLimit, timeLimitsOf } from './limits.ts'
import { longestBackOff, retriesConnecting, retriesCut } from './retry.ts'

/** Something that happens to a request; between `from` and `to`, since back-offs are drawn. In ms after its begin. */
export interface Step {
  from: number
  to: number
  what: string
}

/** The longest way that a request can go in one kind of trouble. */
export interface Timeline {
  trouble: string
  steps: readonly Step[]
  /** The limit that ends it; `client` where no other does. */
  endedBy: LimitName | 'client'
}

/** Tries that are told one by one; what follows goes on the same way. */
const TOLD = 4

/** The worst case of a route in each kind of trouble: which limit cuts in when. */
export function timelinesOf(scenario: Scenario, route: Route): Timeline[] {
  const limits = timeLimitsOf(scenario, route)
  return [neverAnswered(limits, route), neverConnected(limits, route), heldBefore(limits)]
}

const find = (limits: readonly TimeLimit[], name: LimitName) => limits.find((limit) => limit.name === name)?.ms ?? null

/** The limits on the whole that see a trouble, the first to act first; the client at last. */
function ends(limits: readonly TimeLimit[], names: readonly LimitName[]): { ms: number; name: LimitName | 'client'; what: string }[] {
  const answers = (name: LimitName) => limits.find((limit) => limit.name === name)?.answer ?? ''
  const given = names.flatMap((name) => {
    const ms = find(limits, name)
    if (ms === null) return []
    return [
      { ms, name, what: name === 'app.client.timeout' ? 'the app gives up: app.client.timeout' : `${name} ends it: ${answers(name)}` },
    ]
  })
  const within = find(limits, 'app.within')
  const client =
    within === null
      ? { ms: (find(limits, 'load.deadline') ?? 0) + PATIENCE_MS, name: 'client' as const, what: 'the client hangs up' }
      : { ms: within, name: 'app.within' as const, what: `app.within: ${answers('app.within')}` }
  return [...given, client].toSorted((a, b) => a.ms - b.ms)
}

function neverAnswered(limits: readonly TimeLimit[], route: Route): Timeline {
  const perTry = tryLimitOf(route)
  const name: LimitName = perTry === find(limits, 'per_try_timeout') ? 'per_try_timeout' : 'per_try_idle_timeout'
  const signal = isHedged(route) ? (route.retry_policy?.per_try_timeout ?? 0) : 0
  const hedged = signal > 0 && (perTry === 0 || signal < perTry)
  const tried = { limit: perTry, name, again: retriesCut(route), status: 504, begins: 'is sent' }
  return ended('the upstream never answers', hedged ? hedgedTries(signal, route) : tries(tried, route), limits, [
    'timeout',
    'idle_timeout',
    'max_stream_duration',
    'app.client.timeout',
  ])
}

function neverConnected(limits: readonly TimeLimit[], route: Route): Timeline {
  const connect = find(limits, 'connect_timeout') ?? 0
  const tried: Kind = {
    limit: connect,
    name: 'connect_timeout',
    again: retriesConnecting(route),
    status: 503,
    begins: 'opens a connection',
  }
  return ended('no connection comes about', tries(tried, route), limits, [
    'timeout',
    'idle_timeout',
    'max_stream_duration',
    'app.client.timeout',
  ])
}

function heldBefore(limits: readonly TimeLimit[]): Timeline {
  const begun = [{ from: 0, to: 0, what: 'a filter before the router holds the request: no try begins' }]
  return ended('it is held before the router (a delay at: ingress)', { steps: begun, last: null }, limits, [
    'request_timeout',
    'idle_timeout',
    'max_stream_duration',
    'app.client.timeout',
  ])
}

/** `last`: when the tries themselves end the request, and by what; null where they never do. */
interface Tried {
  steps: Step[]
  last: { from: number; to: number; name: LimitName; what: string } | null
}

interface Kind {
  /** Of each try, in ms; 0: none. */
  limit: number
  name: LimitName
  /** A try that it cuts is tried again. */
  again: boolean
  status: number
  begins: string
}

function tries({ limit, name, again, status, begins }: Kind, route: Route): Tried {
  if (limit === 0) return { steps: [{ from: 0, to: 0, what: `try 1 ${begins}` }], last: null }
  const steps: Step[] = []
  const most = again ? triesOf(route) : 1
  let [from, to] = [0, 0]
  for (let n = 1; ; n++) {
    const told = n <= TOLD || n === most
    if (told) steps.push({ from, to, what: `try ${n} ${begins}` })
    from += limit
    to += limit
    if (n === most) {
      const why = !again && triesOf(route) > 1 ? 'retry_on does not have it' : 'no try is left'
      return { steps, last: { from, to, name, what: `${name} cuts try ${n}, ${why}: ${status}` } }
    }
    const wait = longestBackOff(route, n)
    if (told) steps.push({ from, to, what: `${name} cuts try ${n}; back-off of 0 to ${formatMs(wait)}` })
    else if (n === TOLD + 1) steps.push({ from, to, what: `and so on, up to try ${most}` })
    to += wait
  }
}

/** With hedging no try is cut: the next one begins beside it. */
function hedgedTries(perTry: number, route: Route): Tried {
  const steps: Step[] = [{ from: 0, to: 0, what: 'try 1 is sent' }]
  for (let n = 2; n <= triesOf(route); n++) {
    const at = perTry * (n - 1)
    steps.push({ from: at, to: at, what: `per_try_timeout: try ${n} begins, those before it go on (hedging)` })
  }
  return { steps, last: null }
}

function ended(trouble: string, { steps, last }: Tried, limits: readonly TimeLimit[], names: readonly LimitName[]): Timeline {
  const [end] = ends(limits, names)
  const deadline = find(limits, 'load.deadline')
  const late = deadline === null ? [] : [{ from: deadline, to: deadline, what: 'load.deadline: what comes later is no success' }]
  const ownEnd = last === null ? Number.POSITIVE_INFINITY : last.to
  const whole = end === undefined || end.ms > ownEnd
  const until = whole ? ownEnd : end.ms
  const reached = [...steps, ...(last === null ? [] : [last]), ...late].filter(({ from }) => from < until || (whole && from <= until))
  const told = reached
    .map(({ from, to, what }) => ({ from, to: Math.min(to, until), what }))
    .toSorted((a, b) => a.from - b.from || a.to - b.to)
  if (whole) return { trouble, steps: told, endedBy: last?.name ?? 'client' }
  return { trouble, steps: [...told, { from: end.ms, to: end.ms, what: end.what }], endedBy: end.name }
}
