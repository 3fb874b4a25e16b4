import type { Attempts } from '../fault/attempts.ts'
import type { Ramp } from '../fault/ramp.ts'
import type { FaultAction } from '../fault/registry.ts'
import type { When } from '../fault/when.ts'
import type { Method } from '../scenario/methods.ts'
import type { Ms } from '../units.ts'
import type { StubSpec } from '../upstream/spec.ts'
import { IDS_HEADER } from './marks.ts'

/** All that is decided before anything starts: a function of the scenario and its seed. */
export interface Plan {
  seed: number
  stubs: StubSpec
  /** Replicas of upstreams that are real servers; all others are stubs. */
  containers: readonly PlannedContainer[]
  app: PlannedApp | undefined
  phases: readonly PlannedPhase[]
  requests: readonly PlannedRequest[]
  load: PlannedLoad
  faults: readonly PlannedFault[]
  policy: PlannedPolicy
}

/** What of Envoy's policy the evidence cannot be read without. */
export interface PlannedPolicy {
  /** Names of the routes on which a try that passes per_try_timeout goes on beside the next one. */
  hedgedRoutes: readonly string[]
  /** Clusters whose retries a retry_budget limits, in place of max_retries. */
  budgetedClusters: readonly string[]
  /** How long each cluster may take to connect, in ms. */
  connectTimeouts: Readonly<Record<string, number>>
  /** Names of the headers that routes look for, but for those that may hold a secret. */
  routedBy: readonly string[]
}

/**
 * What a container is made of, as the scenario has it: names of images and values of `args` may hold `${NAME:-default}`,
 * and `context` counts from the folder of the scenario, `dockerfile` from the context.
 */
export type ContainerSource = { image: string } | { context: string; dockerfile: string; args: Readonly<Record<string, string>> }

/** When a program can take load. */
export type Readiness = { by: 'http'; path: string } | { by: 'log'; text: string } | { by: 'port' }

/** A replica of an upstream that is a real server. */
export interface PlannedContainer {
  cluster: string
  /** Counts from 1. */
  replica: number
  source: ContainerSource
  /** In place of the command of its image; empty: that. */
  command: readonly string[]
  env: Readonly<Record<string, string>>
  /** Where it listens, inside. */
  port: number
  ready: Readiness
  readyWithin: Ms
}

/** The program between the load and Envoy. */
export interface PlannedApp {
  /** It runs in a container of this; undefined for a program of this machine. */
  container: ContainerSource | undefined
  /** argv and environment; their placeholders are filled in when everything else has started. In a container argv may be empty: the command of its image. */
  command: readonly string[]
  env: Readonly<Record<string, string>>
  /** Undefined: a free one; never so in a container, inside of which it is. */
  port: number | undefined
  /** Run to its end, again and again, each time at most so long; undefined for a server. */
  runWithin: Ms | undefined
  ready: Readiness
  readyWithin: Ms
  /** A header of the app's own in which the load sends the id of each request, and the app may hand it on. */
  idHeader: string | undefined
}

/** As NO_PROXY lists them. */
export const LOOPBACK_HOSTS = 'localhost,127.0.0.1,::1'

export interface PlannedPhase {
  name: string
  /**
   * Ms after the start of the load; `to` is the next phase's `from`. What is due before the first phase is its warm-up.
   * Where an app is run to its end: which runs, the first and the one after the last, counted from 0.
   */
  from: number
  to: number
  /** Indices into `Plan.faults`. */
  faults: readonly number[]
}

/** One kind of request, as it goes on the wire. */
export interface PlannedRequest {
  name: string
  method: Method
  path: string
  headers: Readonly<Record<string, string>>
  body: string | undefined
  /** How long the client takes to send the body; 0: it is sent at once. */
  uploadMs: number
  /** Left out: 200 to 399. */
  successStatus: readonly number[] | undefined
  /** A gRPC call: its answer says in `grpc-status` how it ended. Left out: it is none. */
  grpc?: true
}

/** What is sent when, as far as that can be known before the run; what really was stands in the `ClientLog`. */
export type PlannedLoad = OpenLoad | ClosedLoad | RunsLoad

interface AnyLoad {
  /** Ms from the due time within which an answer counts as success. */
  deadline: number
  /** Where the user points the load instead of the shared port of Envoy. */
  target: string | undefined
}

/** Requests go out when they are due, answered or not: two columns of equal length, in order of time. */
export interface OpenLoad extends AnyLoad {
  kind: 'open'
  /** Ms after the start of the load. */
  due: Float64Array
  /** Indices into `Plan.requests`. */
  request: Uint16Array
}

/**
 * Each of so many callers sends its next request when the last one is answered: nobody knows how many there will be.
 * A request is due when it is sent. So a slow answer keeps the requests away that an open loop would have sent meanwhile,
 * and what they would have suffered is in no latency (coordinated omission).
 */
export interface ClosedLoad extends AnyLoad {
  kind: 'closed'
  connections: number
  /** Between an answer and the next request of that caller; undefined for none. */
  think: ThinkTime | undefined
  /** The weight of each of `Plan.requests`. */
  weights: readonly number[]
  /** That of the scenario: kinds and think times are drawn as the load goes. */
  seed: number
}

/** An app is run to its end, so many times in each phase; each run is a request to the program that starts it. */
export interface RunsLoad extends AnyLoad {
  kind: 'runs'
  /** In each phase. */
  times: number
  /** At once. */
  parallel: number
}

/** In ms. */
export type ThinkTime = { kind: 'fixed'; ms: number } | { kind: 'exponential'; mean: number }

/** One fault of one phase: a filter or a route of its own in Envoy, asleep but in its phase. */
export interface PlannedFault {
  /** Unique, short, made from its phase's name: `brownout-1`. Filter or route `chaos.<id>`, runtime key `chaos.<id>.percent`. */
  id: string
  phase: number
  /** Among the faults of its phase in the scenario; several statuses of one abort share it. */
  place: number
  cluster: string
  /** Replicas it applies to, counted from 1; empty at ingress. */
  replicas: readonly number[]
  at: 'upstream' | 'ingress'
  action: FaultAction
  /** 0–100, of those that the faults before it let through. */
  percent: number
  /** It moves through its phase so; `percent` is then its mean. Left out: it stays. */
  ramp?: Ramp
  /** What the scenario asks of all, where `percent` is another number for that. Of several statuses the later ones get what the earlier leave. */
  ofAll: number | null
  /** Which requests may meet it. */
  when: When
  /** Which of their attempts; null: all. */
  attempts: Attempts | null
  /** Which requests meet it, where that is chosen before the run; `percent` is then their share. Null: Envoy draws. */
  chosen: Chosen | null
  /** Their callers ask for it, by a header that is one of `when`. Left out: nobody is asked. */
  byHeader?: true
}

/** Requests that are chosen before the run to meet a fault at each attempt that it is for. */
export interface Chosen {
  /** As the scenario asks: `every: 5`. */
  source: string
  /** Indices into the load, an open one. */
  requests: ReadonlySet<number>
  /** Out of so many that the fault is for. */
  of: number
  /** The mark of theirs that the ids of a request carry (`marks.ts`), where an app stands between; else they have a header, `chosenHeader`. */
  bit?: number
}

/** Whether the load goes to Envoy itself: then each request is one call of Envoy's, and none of them may be missing there. */
export const isStraight = (plan: Pick<Plan, 'app' | 'load'>) => plan.app === undefined && plan.load.target === undefined

/** Whether there may be gRPC calls: those of an app are not known before the run. */
export const mayBeGrpc = (plan: Pick<Plan, 'app' | 'load' | 'requests'>) => !isStraight(plan) || plan.requests.some(({ grpc }) => grpc)

/** All replicas of all upstreams, whatever they are. */
export const replicasIn = ({ stubs, containers }: Pick<Plan, 'stubs' | 'containers'>): readonly { cluster: string; replica: number }[] => [
  ...stubs.servers,
  ...containers,
]

export const clustersIn = (plan: Pick<Plan, 'stubs' | 'containers'>): readonly string[] => [
  ...new Set(replicasIn(plan).map(({ cluster }) => cluster)),
]

/** Of its filter, or of its route. */
export const faultName = (fault: PlannedFault) => `chaos.${fault.id}`
export const faultIdOf = (name: string) => (name.startsWith('chaos.') ? name.slice('chaos.'.length) : null)
/** The load marks the requests that are chosen for a fault with it; the hop takes it off, so that no service sees it. */
export const chosenHeader = ({ id }: Pick<PlannedFault, 'id'>) => `${CHOSEN_PREFIX}${id}`
export const CHOSEN_PREFIX = 'x-chaos-chosen-'
/** All headers by which Envoy knows chosen requests, each once. */
export const marksIn = ({ faults }: Pick<Plan, 'faults'>) => [
  ...new Set(faults.flatMap((fault) => (fault.chosen === null ? [] : fault.chosen.bit === undefined ? chosenHeader(fault) : IDS_HEADER))),
]
export const percentKey = (fault: PlannedFault) => `chaos.${fault.id}.percent`
