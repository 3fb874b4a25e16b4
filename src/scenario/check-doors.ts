import { actionOf, isAtDoor } from '../fault/registry.ts'
import { formatMs } from '../units.ts'
import { show } from '../value/show.ts'
import type { Fault } from './check-faults.ts'
import { isContainer } from './containers.ts'
import type { Finding } from './finding.ts'
import type { ScenarioDocument } from './schema.ts'

type Phase = Pick<ScenarioDocument['phases'][number], 'name' | 'for'>

/** What chooses requests, and how a fault has it. */
const CHOOSING = [
  ['at', ({ at }: Fault) => at === 'ingress'],
  ['percent', ({ percent }: Fault) => percent !== 100],
  ['mode', ({ mode }: Fault) => mode !== 'random'],
  ['every', ({ every }: Fault) => every !== undefined],
  ['first', ({ first }: Fault) => first !== undefined],
  ['when', ({ when }: Fault) => when !== undefined],
] as const

/** Of faults that hit a replica as a whole: what they cannot be asked, and two of them at one replica. */
export function doorFindings({ upstreams }: ScenarioDocument, fault: Fault, earlier: readonly Fault[]): Finding[] {
  const action = actionOf(fault)
  if (action === undefined || !isAtDoor(action)) return []
  const { kind } = action
  const upstream = Object.hasOwn(upstreams, fault.cluster) ? upstreams[fault.cluster] : undefined
  if (upstream !== undefined && isContainer(upstream))
    return [
      {
        path: [kind],
        at: 'key',
        message: `${kind} is made by the stub of an upstream, and ${fault.cluster} is a container`,
        hint: 'a fixed delay and abort are made by Envoy, in front of a container too',
      },
    ]
  const chosen = CHOOSING.filter(([, isAsked]) => isAsked(fault)).map(
    ([key]): Finding => ({
      path: [key],
      at: 'key',
      message: `${kind} hits a whole replica: a connection fails before any request is known, so ${key} has nothing to choose from`,
      hint: 'leave it out, and choose by replica: 2',
    }),
  )
  if (chosen.length > 0) return chosen
  const rival = earlier.find((other) => {
    const its = actionOf(other)
    return its !== undefined && isAtDoor(its) && other.cluster === fault.cluster && shareReplica(other, fault)
  })
  const first = rival && actionOf(rival)?.kind
  if (first === undefined) return []
  return [
    {
      path: [kind],
      at: 'key',
      message: `a replica cannot meet ${kind} and the ${first} before it in one phase: no connection comes about either way`,
      hint: 'name another replica, or put them into phases of their own',
    },
  ]
}

/**
 * The end of a phase ends its faults: a replica that is to be down beyond that would be so for less than was asked, or not at all.
 * How long a phase of runs is nobody knows before.
 */
export function outlasting({ app }: ScenarioDocument, { down }: Fault, { name, for: lasts }: Phase): Finding[] {
  if (down === undefined || app?.run !== undefined) return []
  const { after = 0, for: wanted } = down
  if (after >= lasts)
    return [
      {
        path: ['down', 'after'],
        message: `the fault could never fire: phase ${show(name)} is over after ${formatMs(lasts)}`,
        hint: 'let it begin sooner, or make the phase longer',
      },
    ]
  if (wanted === undefined || after + wanted <= lasts) return []
  return [
    {
      path: ['down', 'for'],
      message: `cannot be kept: the replica returns at the end of phase ${show(name)} at the latest, when it was down for ${formatMs(lasts - after)}`,
      hint: 'leave for out, ask for less, or make the phase longer',
    },
  ]
}

const shareReplica = (a: Fault, b: Fault) => a.replica === undefined || b.replica === undefined || a.replica === b.replica
