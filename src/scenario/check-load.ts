import { formatMs, trim } from '../units.ts'
import { show } from '../value/show.ts'
import type { Finding } from './finding.ts'
import { whyNotAnswered, whyNotSent } from './header-rules.ts'
import { MAX_DURATION_MS, MAX_REQUESTS } from './limits.ts'
import { goesStraight, isGrpcKind, methodAndPath, nameOf, requestsOf, routeFor, routesOf } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'
import { expectedIn, stretchesOf } from './shape.ts'

/** 0.1 * 30 / 3 is a hair below 1. */
const ROUNDING = 1e-9

/** A load that is of no kind or of two, too much, or nothing. */
export function amountFindings(scenario: ScenarioDocument): Finding[] {
  return [...loop(scenario), ...size(scenario)]
}

/** Requests that cannot be sent, or that say nothing of the scenario's clusters. */
export function requestFindings(scenario: ScenarioDocument): Finding[] {
  return [...uploads(scenario), ...unrouted(scenario), ...headerRules(scenario), ...grpcCalls(scenario), ...borrowedNames(scenario)]
}

/** @returns how long the load lasts, and how many requests its open loop plans; none are planned in a closed loop. */
function extent(scenario: ScenarioDocument): { total: number; requests: number } {
  const stretches = stretchesOf(scenario)
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0)
  return { total: sum(stretches.map(({ ms }) => ms)), requests: sum(stretches.map(expectedIn)) }
}

/** Whether the load is of one kind, and small enough to be planned. */
export function isPlannable(scenario: ScenarioDocument): boolean {
  const { total, requests } = extent(scenario)
  return total <= MAX_DURATION_MS && requests <= MAX_REQUESTS && loop(scenario).length === 0
}

/** Open or closed: one of them, with what belongs to it. */
function loop({ load, phases }: ScenarioDocument): Finding[] {
  const shaped = (['rate', 'bursts'] as const).flatMap((key) =>
    phases.flatMap((phase, index) => (phase[key] === undefined ? [] : [{ path: ['phases', index, key], key }])),
  )
  const isOpen = load.rate !== undefined || (load.connections === undefined && shaped.length > 0)
  if (!isOpen && load.connections === undefined)
    return [{ path: ['load'], at: 'key', message: 'expected a rate, such as rate: 200/s (open loop), or connections: 20 (closed loop)' }]
  const odd = (key: 'connections' | 'think' | 'arrivals', why: string): Finding[] =>
    load[key] === undefined ? [] : [{ path: ['load', key], at: 'key', message: why, hint: `leave ${key} out` }]
  if (!isOpen)
    return [
      ...odd('arrivals', 'in a closed loop requests are sent when answers come: it has no arrivals of its own'),
      ...shaped.map(
        ({ path, key }): Finding => ({
          path,
          at: 'key',
          message: `in a closed loop requests are sent when answers come: it has no ${key} of its own`,
          hint: `leave ${key} out, or give load a rate in place of connections`,
        }),
      ),
    ]
  return [
    ...odd('connections', 'a load is an open loop (rate) or a closed one (connections): expected one of them, got both'),
    ...odd('think', 'in an open loop nobody waits for answers, so nobody thinks after them'),
  ]
}

/** A body that is sent slowly has pieces, and a loop that can send them. */
function uploads({ load }: ScenarioDocument): Finding[] {
  return (load.requests ?? []).flatMap(({ upload, body, json }, index): Finding[] => {
    if (upload === undefined) return []
    const path = ['load', 'requests', index, 'upload']
    const sent = json === undefined ? (body ?? '') : JSON.stringify(json)
    if (sent.length < 2)
      return [{ path, at: 'key', message: 'there is nothing to be sent slowly: expected a body or json of at least two bytes' }]
    if (load.connections === undefined) return []
    return [
      {
        path,
        at: 'key',
        message: 'the callers of a closed loop send a body at once',
        hint: 'use rate in place of connections, or leave upload out',
      },
    ]
  })
}

function size(scenario: ScenarioDocument): Finding[] {
  const { total, requests } = extent(scenario)
  if (total > MAX_DURATION_MS)
    return [{ path: ['phases'], message: `the load lasts ${formatMs(total)}: expected at most ${formatMs(MAX_DURATION_MS)}` }]
  if (requests > MAX_REQUESTS) {
    return [
      {
        path: scenario.load.rate === undefined ? ['phases'] : ['load', 'rate'],
        message: `${trim(requests / (total / 1000), 2)}/s over ${formatMs(total)} are ${Math.round(requests)} requests: expected at most ${MAX_REQUESTS} in a run`,
        hint: 'lower the rate, or shorten the phases',
      },
    ]
  }
  return scenario.load.connections === undefined && loop(scenario).length === 0 ? idlePhases(scenario) : []
}

/** Phases in which nothing would be due. */
function idlePhases(scenario: ScenarioDocument): Finding[] {
  const stretches = stretchesOf(scenario).slice(-scenario.phases.length)
  return stretches.flatMap((stretch, index): Finding[] => {
    if (expectedIn(stretch) >= 1 - ROUNDING) return []
    const { ms, from, to } = stretch
    return [
      {
        path: ['phases', index, 'for'],
        message: `no request is due in ${formatMs(ms)} at ${trim(from, 4)}/s${from === to ? '' : ` to ${trim(to, 4)}/s`}`,
        hint: from + to === 0 ? 'give the phase a rate, or load one for all phases' : 'raise the rate, or lengthen the phase',
      },
    ]
  })
}

function unrouted(scenario: ScenarioDocument): Finding[] {
  if (!goesStraight(scenario) || routesOf(scenario).length === 0) return []
  return requestsOf(scenario).flatMap((request, index): Finding[] => {
    if (routeFor(scenario, request) !== undefined) return []
    const { method, path } = methodAndPath(request)
    const place = scenario.load.requests === undefined ? ['load', 'requests'] : ['load', 'requests', index, method]
    return [
      {
        path: place,
        message: `no route matches ${method} ${clip(path)}: Envoy would answer 404`,
        hint: 'add a route for it under envoy.routes',
      },
    ]
  })
}

function headerRules(scenario: ScenarioDocument): Finding[] {
  const { load, upstreams } = scenario
  const straight = goesStraight(scenario)
  const sent = (load.requests ?? []).flatMap(({ headers }, index) =>
    Object.entries(headers).map(([name, value]) => ({
      path: ['load', 'requests', index, 'headers', name],
      name,
      why: whyNotSent(name, value, straight),
    })),
  )
  const answered = Object.entries(upstreams).flatMap(([upstream, { respond }]) =>
    Object.keys(respond?.headers ?? {}).map((name) => ({
      path: ['upstreams', upstream, 'respond', 'headers', name],
      name,
      why: whyNotAnswered(name),
    })),
  )
  return [...sent, ...answered].flatMap(({ path, name, why }): Finding[] =>
    why === undefined ? [] : [{ path, at: 'key', message: `the header ${show(name)} cannot be set: ${why}`, hint: 'leave it out' }],
  )
}

/** What is set of a gRPC call, and says nothing of one. */
function grpcCalls(scenario: ScenarioDocument): Finding[] {
  if (!goesStraight(scenario)) return []
  return (scenario.load.requests ?? []).flatMap((request, index): Finding[] => {
    if (!isGrpcKind(request)) return []
    const { method } = methodAndPath(request)
    const path = ['load', 'requests', index]
    return [
      ...(method === 'POST'
        ? []
        : [{ path: [...path, method], at: 'key' as const, message: `a gRPC call is a POST, and this is a ${method}`, hint: 'send POST' }]),
      ...(request.success_status === undefined
        ? []
        : [
            {
              path: [...path, 'success_status'],
              at: 'key' as const,
              message: 'a gRPC call that fails has the HTTP status 200, too: it is a success with grpc-status 0, and no other',
              hint: 'leave it out, and claim grpc_status of calls that are to fail',
            },
          ]),
    ]
  })
}

/** Records carry the name of their request, given or not: a claim on a given one must not count others in. */
function borrowedNames({ load: { requests = [] } }: ScenarioDocument): Finding[] {
  return requests.flatMap(({ name }, index): Finding[] => {
    const other = requests.findIndex((request) => request.name === undefined && name === nameOf(request))
    if (name === undefined || other === -1) return []
    return [
      {
        path: ['load', 'requests', index, 'name'],
        message: `the name ${show(name)} is what load.requests[${other}] is called, which has none of its own`,
        hint: 'give one of them another name',
      },
    ]
  })
}

const clip = (path: string) => (path.length > 60 ? `${path.slice(0, 59)}…` : path)
