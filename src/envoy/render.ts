import { Document, isMap, isSeq, visit } from 'yaml'
import { describeAction, isAtDoor, isRouted } from '../fault/registry.ts'
import { faultName, type Plan, percentKey } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { replicaKey } from './addresses.ts'
import type { Bootstrap } from './bootstrap.ts'
import { buildRoutes } from './route.ts'
import { runtimeValue } from './runtime.ts'

/** A map or list at most this long when written on one line is written so. */
const ONE_LINE = 110

/** The configuration as YAML for people: short parts on one line, and a comment where a reader would ask why. */
export function renderBootstrap(bootstrap: Bootstrap, scenario: Scenario, plan: Plan): string {
  // Envoy reads YAML 1.1, where a plain y, no or on is a boolean: such texts are quoted.
  const document = new Document(bootstrap, { aliasDuplicateObjects: false, compat: 'yaml-1.1' })
  document.commentBefore = [
    ` Envoy for the scenario: ${scenario.name}`,
    '',
    '   load -> shared      -> cluster (policy under test) -> hop of each replica (faults) -> stub',
    '   app  -> egress_NAME -> the same cluster',
    '',
    ' The fault filter acts before the router of its listener. A fault on the hop is therefore behind the router, timeouts,',
    ' retries and breakers of the egress side, which react to it; a fault on the egress side itself they would never see.',
  ].join('\n')
  return laidOut(document, bootstrap, commentsOf(scenario, plan))
}

/** The part that a scenario's own settings come to: routes and the clusters under test, in the form that Envoy reads. */
export function renderPolicy(bootstrap: Bootstrap, scenario: Scenario): string {
  const { clusters } = bootstrap.static_resources
  const policy = {
    routes: buildRoutes(scenario).map(({ built }) => built),
    clusters: clusters.filter(({ name }) => Object.hasOwn(scenario.upstreams, name)).map(({ load_assignment: _, ...cluster }) => cluster),
  }
  return laidOut(new Document(policy, { aliasDuplicateObjects: false, compat: 'yaml-1.1' }), policy, new Map())
}

function laidOut(document: Document, made: object, comments: ReadonlyMap<string, string>): string {
  layOut(document.contents, made, '', comments)
  if (JSON.stringify(made).includes('?')) quoteQuestions(document)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/**
 * @param made - what the node was made of: measuring that costs a fraction of reading it back, and Envoy waits meanwhile
 * @param list - the key of the list that it is an item of
 */
function layOut(node: unknown, made: unknown, list: string, comments: ReadonlyMap<string, string>): void {
  if (isMap(node)) {
    const values = made as Record<string, unknown>
    const comment = comments.get(`${list} ${values.name}`)
    if (comment !== undefined) node.commentBefore = ` ${comment}`
    node.flow = comment === undefined && isSmall(made)
    if (!node.flow) for (const { key, value } of node.items) layOut(value, values[String(key)], String(key), comments)
  } else if (isSeq(node)) {
    const items = made as readonly unknown[]
    node.flow = isSmall(made) && !items.some(isPlainMap)
    for (const [index, item] of node.items.entries()) layOut(item, items[index], list, comments)
  }
}

/** To Envoy's reader of YAML a question mark ends a plain text between braces. */
function quoteQuestions(document: Document): void {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && node.value.includes('?')) node.type = 'QUOTE_SINGLE'
    },
  })
}

const isPlainMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

const isSmall = (value: unknown) => JSON.stringify(value).length <= ONE_LINE && !holdsLargeMap(value)

function holdsLargeMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const isMapOfMany = (child: unknown) => isPlainMap(child) && Object.keys(child).length > 4
  return Object.values(value).some((child) => (!Array.isArray(value) && isMapOfMany(child)) || holdsLargeMap(child))
}

/** By the list that an item stands in and its name: `listeners shared`. */
function commentsOf(scenario: Scenario, plan: Plan): Map<string, string> {
  const comments = new Map<string, string>([
    [
      'listeners shared',
      scenario.app === undefined
        ? 'The routes of the scenario, in order: where the load goes when there is no app.'
        : 'For an app that asks for clusters by name, or takes this port as its proxy.',
    ],
  ])
  comments.set('routes default', 'Whatever the routes above leave, with the defaults of Envoy (timeout 15s, no retries).')
  for (const [cluster, { replicas, unreachable = [] }] of Object.entries(scenario.upstreams)) {
    comments.set(`listeners egress_${cluster}`, `The address of ${cluster} for an app.`)
    comments.set(
      `clusters ${cluster}`,
      [
        'Policy under test. What is not set here is the default of Envoy: connect_timeout 5s, limits 1024, max_retries 3.',
        ...unreachable.map((replica) => `${replicaKey(cluster, replica)} stands for a socket that takes no connection.`),
        ...plan.stubs.servers.flatMap((server) =>
          server.cluster === cluster && server.door !== undefined
            ? [`${replicaKey(cluster, server.replica)} is reached by a door before its hop, where faults of the connection are made.`]
            : [],
        ),
      ].join(' '),
    )
    for (let replica = 1; replica <= replicas; replica++) {
      comments.set(
        `listeners hop_${cluster}_${replica}`,
        `In front of replica ${replica} of ${cluster}: faults behind the router under test.`,
      )
    }
  }
  for (const fault of plan.faults.filter(({ action }) => !isAtDoor(action))) {
    const phase = plan.phases[fault.phase]?.name
    comments.set(
      `${isRouted(fault.action) ? 'routes' : 'http_filters'} ${faultName(fault)}`,
      `${describeAction(fault.action)} in phase "${phase}": asleep until runtime key ${percentKey(fault)} is ${runtimeValue(fault, plan.faults)}.`,
    )
  }
  return comments
}
