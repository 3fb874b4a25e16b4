import { needsDoor } from '../fault/registry.ts'
import { DOCKERFILE, sourceOf } from '../plan/containers.ts'
import { timesOf } from '../plan/load.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import { tryLimitOf } from '../predict/classes.ts'
import { commandOf } from '../scenario/check-app.ts'
import { timeoutOf, triesOf } from '../scenario/policy.ts'
import { methodAndPath, nameOf, type Route, requestsOf, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { formatMs, formatPercent } from '../units.ts'
import { plural } from '../value/show.ts'
import { askedOf, faultTarget } from './fault-words.ts'
import { wrap } from './layout.ts'
import type { Paper } from './paper.ts'

/** A line of the tree, and what hangs below it. */
interface Branch {
  text: string
  below?: Branch[]
  /** A fault: it stands out. */
  fault?: boolean
}

/** Where a request goes, and where which fault is made in which phase: load → app → listener → cluster → (door →) hop → stub. */
export function topologyLines(scenario: Scenario, plan: Plan, { width, paint, say }: Paper): string[] {
  const lines: string[] = []
  const draw = (branches: readonly Branch[], indent: string) => {
    branches.forEach(({ text, below = [], fault }, i) => {
      const isLast = i === branches.length - 1
      const [first = '', ...rest] = wrap(say(text), Math.max(20, width - indent.length - 5))
      const show = (line: string) => (fault ? paint('yellow', line) : line)
      lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${show(first)}`)
      for (const line of rest) lines.push(`${indent}${isLast ? '   ' : '│  '}${below.length > 0 ? '│ ' : '  '}${show(line)}`)
      draw(below, `${indent}${isLast ? '   ' : '│  '}`)
    })
  }
  lines.push(paint('bold', 'TOPOLOGY'))
  for (const root of [loadOf(scenario), ...Object.keys(scenario.upstreams).map((cluster) => clusterOf(scenario, plan, cluster))]) {
    lines.push(...wrap(say(root.text), width, '', '│    '))
    draw(root.below ?? [], '')
  }
  return lines
}

function loadOf(scenario: Scenario): Branch {
  const { load, app } = scenario
  const much = load.connections === undefined ? `${load.rate}/s` : plural(load.connections, 'connection')
  const kinds = requestsOf(scenario)
  const weight = kinds.reduce((sum, kind) => sum + kind.weight, 0)
  const spelt = kinds.slice(0, MOST_KINDS).map((kind) => {
    const { method, path } = methodAndPath(kind)
    const call = kind.name === undefined || kind.name === `${method} ${path}` ? nameOf(kind) : `${kind.name}: ${method} ${path}`
    return kinds.length === 1 ? call : `${call} (${formatPercent(kind.weight / weight, 0)})`
  })
  const more = kinds.length > MOST_KINDS ? [`${kinds.length - MOST_KINDS} more`] : []
  const shared: Branch = { text: 'Envoy, shared port', below: routesOf(scenario).map((route, i) => ({ text: routeText(route, i) })) }
  const text = `load ${much}: ${[...spelt, ...more].join(', ')}`
  if (load.target !== undefined) return { text, below: [{ text: load.target }] }
  if (app === undefined) return { text, below: [shared] }
  const ports = Object.keys(scenario.upstreams).map((cluster) => ({
    text: `Envoy, port of ${cluster} (the routes to it) → cluster ${cluster}`,
  }))
  const program = [...madeOf(app), ...commandOf(app)].join(' ')
  if (app.run !== undefined)
    return { text: `${plural(timesOf(app), 'run')} in each phase of ${program}${clientText(app)}`, below: [...ports, shared] }
  return { text, below: [{ text: `app: ${program}${clientText(app)}`, below: [...ports, shared] }] }
}

/** `container of node:24-slim`, `container built from ./shop`; nothing for a stub, or a program of this machine. */
function madeOf(made: Parameters<typeof sourceOf>[0]): string[] {
  const source = sourceOf(made)
  if (source === undefined) return []
  if ('image' in source) return [`container of ${source.image}`]
  const file = source.dockerfile === DOCKERFILE ? '' : ` by ${source.dockerfile}`
  return [`container built from ${source.context}${file}`]
}

/** What the app itself does about calls, where the scenario says it. */
function clientText({ client }: NonNullable<Scenario['app']>): string {
  if (client === undefined) return ''
  const timeout = client.timeout === undefined ? 'no timeout of its own' : `gives a call up after ${formatMs(client.timeout)}`
  return ` (${timeout}, ${client.retries === 0 ? 'no retries' : plural(client.retries, 'retry', 'retries')})`
}

const MOST_KINDS = 6

function routeText(route: Route, index: number): string {
  const { match, retry_policy: retry } = route
  const headers = Object.entries(match.headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  const matched = [match.path === undefined ? `prefix ${match.prefix}` : `path ${match.path}`, ...headers].join(', ')
  const timeout = timeoutOf(route)
  const limit = tryLimitOf(route)
  const policy = [
    timeout === 0 ? 'no timeout' : `timeout ${formatMs(timeout)}`,
    ...(limit === 0 ? [] : [`each try ${formatMs(limit)}`]),
    retry === undefined ? 'no retries' : `${plural(triesOf(route), 'try', 'tries')} on ${retry.retry_on.join(', ')}`,
  ]
  return `route-${index + 1} ${matched} → cluster ${route.cluster} (${policy.join(', ')})`
}

function clusterOf(scenario: Scenario, plan: Plan, cluster: string): Branch {
  const spec = scenario.upstreams[cluster]
  const replicas = spec?.replicas ?? 0
  const deaf = spec?.unreachable ?? []
  const own = plan.faults.filter((fault) => fault.cluster === cluster)
  const before = own.filter(({ at }) => at === 'ingress')
  const branches: Branch[] = []
  if (before.length > 0) branches.push({ text: 'before the router', below: before.map((fault) => faultBranch(fault, plan, replicas)) })
  for (const { from, to, faults } of alike(own, replicas, deaf)) {
    const replica = from === to ? `${cluster}/${from}` : `${cluster}/${from}–${to}`
    const doors = faults.some(({ action }) => needsDoor(action)) ? (from === to ? `door ${from} → ` : `doors ${from}–${to} → `) : ''
    const hops = `${doors}${from === to ? `hop ${from}` : `hops ${from}–${to}`} → `
    const text = deaf.includes(from)
      ? `${replica}: unreachable, no connection comes about`
      : `${hops}${serverText(scenario, plan, cluster, replica, to - from + 1)}`
    branches.push({ text, below: faults.map((fault) => faultBranch(fault, plan, replicas)) })
  }
  return { text: `cluster ${cluster}${limitsText(scenario, cluster)}`, below: branches }
}

/** Neighbours that may meet the same faults are told together. */
function alike(
  faults: readonly PlannedFault[],
  replicas: number,
  deaf: readonly number[],
): { from: number; to: number; faults: PlannedFault[] }[] {
  const rows: { from: number; to: number; faults: PlannedFault[] }[] = []
  for (let replica = 1; replica <= replicas; replica++) {
    const met = faults.filter((fault) => fault.at === 'upstream' && fault.replicas.includes(replica))
    const last = rows.at(-1)
    const same = last && deaf.includes(last.to) === deaf.includes(replica)
    if (same && last.faults.length === met.length && last.faults.every((fault, i) => fault === met[i])) last.to = replica
    else rows.push({ from: replica, to: replica, faults: met })
  }
  return rows
}

function faultBranch(fault: PlannedFault, plan: Plan, replicas: number): Branch {
  const phase = plan.phases[fault.phase]?.name ?? ''
  return { text: `${phase}: ${faultTarget({ ...fault, at: 'upstream' }, replicas)}, ${askedOf(fault)}`, fault: true }
}

/** `stub cart/1 (200 after 20ms)`, `cart/1–2, container of node:24-slim: node server.mjs (port 8080)` */
function serverText({ upstreams }: Scenario, plan: Plan, cluster: string, replica: string, count: number): string {
  const upstream = upstreams[cluster]
  const [made] = madeOf(upstream ?? {})
  if (made === undefined) return `${count === 1 ? 'stub' : 'stubs'} ${replica} ${stubText(plan, cluster)}`
  const command = upstream?.command === undefined ? '' : `: ${upstream.command.join(' ')}`
  return `${replica}, ${made}${command} (port ${upstream?.port})`
}

function stubText({ stubs }: Plan, cluster: string): string {
  const server = stubs.servers.find((one) => one.cluster === cluster)
  if (server === undefined) return ''
  const { latency, workers, respond } = server
  const spelt = {
    fixed: () => (latency.kind === 'fixed' ? formatMs(latency.ms) : ''),
    uniform: () => (latency.kind === 'uniform' ? `${formatMs(latency.from)} .. ${formatMs(latency.to)}` : ''),
    exponential: () => (latency.kind === 'exponential' ? `exponential, mean ${formatMs(latency.mean)}` : ''),
    'log-normal': () => (latency.kind === 'log-normal' ? `p50 ${formatMs(latency.p50)}, p99 ${formatMs(latency.p99)}` : ''),
    samples: () => (latency.kind === 'samples' ? plural(latency.ms.length, 'sample') : ''),
  }[latency.kind]()
  return `(${respond.status} after ${spelt}${workers === undefined ? '' : `, ${plural(workers, 'worker')}`})`
}

function limitsText({ envoy }: Scenario, cluster: string): string {
  const policy = Object.hasOwn(envoy.clusters, cluster) ? envoy.clusters[cluster] : undefined
  const breakers = Object.entries(policy?.circuit_breakers ?? {}).flatMap(([name, value]) =>
    typeof value === 'number' ? [`${name} ${value}`] : [name],
  )
  const parts = [
    ...(policy?.connect_timeout === undefined ? [] : [`connect_timeout ${formatMs(policy.connect_timeout)}`]),
    ...breakers,
    ...(policy?.outlier_detection === undefined ? [] : ['outlier_detection']),
    ...(policy?.lb_policy === undefined ? [] : [policy.lb_policy]),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}
