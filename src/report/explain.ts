import { buildBootstrap } from '../envoy/bootstrap.ts'
import { placeholders } from '../envoy/placeholders.ts'
import { renderBootstrap, renderPolicy } from '../envoy/render.ts'
import type { Plan } from '../plan/plan.ts'
import { type TimeLimit, timeLimitsOf } from '../predict/limits.ts'
import type { Prediction } from '../predict/predict.ts'
import { attemptsOverTiers } from '../predict/tiers.ts'
import { type Step, type Timeline, timelinesOf } from '../predict/timeline.ts'
import { isGrpcTold, type Told, toldName } from '../predict/told.ts'
import { type Route, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { formatMs } from '../units.ts'
import { plural } from '../value/show.ts'
import { arithmeticLines } from './arithmetic-lines.ts'
import { cells, clip, padEnd, wrap } from './layout.ts'
import { masker, secretValues } from './mask.ts'
import { type Look, type Paper, paper } from './paper.ts'
import { topologyLines } from './topology-lines.ts'

/** What a scenario comes to before anything is started. */
export interface Explained {
  scenario: Scenario
  plan: Plan
  prediction: Prediction
}

/** The configuration as a run would use it, with placeholders for the ports and without the logs; secrets masked. */
export function explainedConfig({ scenario, plan }: Explained): string {
  const yaml = renderBootstrap(buildBootstrap(scenario, plan, placeholders(scenario, plan)), scenario, plan)
  return masker(secretValues(scenario))(yaml)
}

/** For people: where requests go, what cuts in when, and what the arithmetic says. Ends without a line break. */
export function renderExplained(explained: Explained, look: Look): string {
  const { scenario, plan } = explained
  const page = paper(look, scenario)
  const sections = [
    wrap(page.say(scenario.name), page.width).map((line) => page.paint('bold', line)),
    topologyLines(scenario, plan, page),
    ...routesOf(scenario).map((route, index) => routeLines(scenario, route, index, page)),
    arithmeticLines(explained, page),
    configLines(explained, page),
  ]
  return sections.map((section) => section.join('\n')).join('\n\n')
}

/** Of a gRPC call the status by its name, beside the 200 of HTTP that says nothing. */
const spelt = (told: Told | null) => (told !== null && isGrpcTold(told) ? { status: 200, grpc_status: toldName(told) } : { status: told })

/** For machines. */
export function explainedJson(explained: Explained): unknown {
  const { scenario, prediction } = explained
  const mask = masker(secretValues(scenario))
  const finite = (ms: number) => (Number.isFinite(ms) ? ms : null)
  return JSON.parse(
    mask(
      JSON.stringify({
        version: 1,
        scenario: { name: scenario.name, file: scenario.file },
        routes: routesOf(scenario).map((route, index) => ({
          name: `route-${index + 1}`,
          match: route.match,
          cluster: route.cluster,
          limits: timeLimitsOf(scenario, route).map(({ name, ms, isDefault, ...about }) => ({ name, ms, default: isDefault, ...about })),
          timelines: timelinesOf(scenario, route).map(({ trouble, steps, endedBy }) => ({ trouble, steps, ended_by: endedBy })),
        })),
        not_predicted: prediction.none,
        phases: prediction.phases.map(({ name, rate, kinds, clusters }) => ({
          name,
          requests_per_second: rate,
          requests: kinds.map(({ request, cluster, share, success, attempts, slowest, statuses, why }) => ({
            request,
            cluster,
            share,
            success_rate: success,
            attempts_per_request: attempts,
            slowest: { ms: finite(slowest.ms), by: slowest.by },
            statuses: statuses.map(({ status: told, share }) => ({ ...spelt(told), share })),
            open: why,
          })),
          clusters: clusters.map(({ cluster, attemptsPerSecond, inFlight, retries, utilisation }) => ({
            cluster,
            attempts_per_second: attemptsPerSecond,
            in_flight: inFlight,
            retries_in_flight: retries,
            utilisation,
          })),
        })),
        envoy: buildBootstrap(scenario, explained.plan, placeholders(scenario, explained.plan)),
      }),
    ),
  )
}

function routeLines(scenario: Scenario, route: Route, index: number, page: Paper): string[] {
  const { width, paint, say } = page
  const { match } = route
  const headers = Object.entries(match.headers ?? {}).map(([name, value]) => `, ${name}: ${value}`)
  const title = `ROUTE-${index + 1}  ${match.path === undefined ? `prefix ${match.prefix}` : `path ${match.path}`}${headers.join('')} → ${route.cluster}`
  const limits = timeLimitsOf(scenario, route)
  const retries = scenario.app?.client?.retries ?? 0
  const tiers =
    retries === 0
      ? []
      : wrap(
          `with ${plural(retries, 'retry', 'retries')} of the app: up to ${plural(attemptsOverTiers(route, retries), 'attempt')} for one request`,
          width,
          '  ',
        )
  return [
    paint('bold', clip(say(title), width)),
    ...limitTable(limits, page),
    ...tiers,
    ...timelinesOf(scenario, route).flatMap((timeline) => ['', ...timelineLines(timeline, page)]),
  ]
}

const NARROWEST_COLUMN = 20
const CAPTION = 'what ends it after a time: whether it sees a delay at: upstream, one at: ingress, and the response'

const yes = (sees: boolean) => (sees ? 'sees it' : '–')

/** Which limit looks at what: the question nobody remembers the answer of. */
function limitTable(limits: readonly TimeLimit[], { width, paint }: Paper): string[] {
  const set = limits.filter(({ ms }) => ms !== null)
  const rows = [
    ['limit', '', 'at: upstream', 'at: ingress', 'response', 'covers'],
    ...set.map(({ name, ms, isDefault, sees, covers }) => [
      name,
      `${formatMs(ms ?? 0)}${isDefault ? ' (default)' : ''}`,
      yes(sees.upstream),
      yes(sees.ingress),
      sees.response ? 'looks at it' : '–',
      covers,
    ]),
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => cells(row[column] ?? ''))))
  const [head = [], ...body] = rows.map((row) => {
    const fixed = widths.map((cell, column) => padEnd(row[column] ?? '', cell)).join('  ')
    const indent = ' '.repeat(cells(fixed) + 4)
    // Where there is no room beside the table, what a limit covers stands below its line.
    if (width - indent.length < NARROWEST_COLUMN) return [clip(`  ${fixed}`.trimEnd(), width), ...wrap(row[5] ?? '', width, '      ')]
    const [first = '', ...rest] = wrap(row[5] ?? '', width, indent)
    return [`  ${fixed}  ${first.trimStart()}`, ...rest]
  })
  const unset = limits.filter(({ ms }) => ms === null).map(({ name }) => name)
  return [
    ...wrap(CAPTION, width, '  '),
    ...head.map((line) => paint('dim', line)),
    ...body.flat(),
    ...(unset.length === 0 ? [] : wrap(`no limit: ${unset.join(', ')}`, width, '  ').map((line) => paint('dim', line))),
  ]
}

function timelineLines({ trouble, steps }: Timeline, { width, paint }: Paper): string[] {
  const whens = steps.map(whenOf)
  const column = Math.max(...whens.map(cells))
  return [
    `  ${paint('underline', clip(trouble, width - 2))}`,
    ...steps.flatMap(({ what }, i) => {
      const indent = ' '.repeat(column + 6)
      const [first = '', ...rest] = wrap(what, width, indent)
      return [`    ${padEnd(whens[i] ?? '', column)}  ${first.trimStart()}`, ...rest]
    }),
  ]
}

const whenOf = ({ from, to }: Step) => (from === to ? `+${formatMs(from)}` : `+${formatMs(from)} to ${formatMs(to)}`)

/** What the scenario sets comes first; the rest (listeners, faults asleep, logs) would drown it. */
function configLines({ scenario, plan }: Explained, { width, paint, say }: Paper): string[] {
  const yaml = renderPolicy(buildBootstrap(scenario, plan, placeholders(scenario, plan)), scenario)
  return [
    paint('bold', 'ENVOY'),
    ...yaml
      .trimEnd()
      .split('\n')
      .map((line) => clip(`  ${say(line)}`, width)),
    ...wrap(`the whole configuration, with placeholders for the ports: chaos explain ${scenario.file} --config`, width, '  ').map((line) =>
      paint('dim', line),
    ),
  ]
}
