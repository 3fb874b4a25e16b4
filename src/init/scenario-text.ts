import { plural } from '../value/show.ts'
import type { AnsweredApp, AnsweredUpstream, Answers, Respond } from './answers.ts'
import { beside, type Line } from './beside.ts'
import { flow, flowList } from './flow.ts'

/** Where the file stands; each on one line. */
export interface Place {
  /** The JSON Schema, as the language server of editors finds it: without blanks. */
  schema: string
  /** The file itself, as it is named on the command line. */
  file: string
}

/**
 * So many requests that the claims are decided with room to spare: of 350 requests (app) or 400 that meet the fault, one in
 * a thousand fails. At 96 % and 97 % five of them may (by the 95 % interval); without retries 35 and 40 do, which refutes it.
 * An app may be slow, and have one worker: it gets less load for longer.
 */
const APP = { rate: 50, baseline: 3, fault: 7, recovery: 2, calm: 95, faulty: 96 }
const STRAIGHT = { rate: 100, baseline: 3, fault: 4, recovery: 3, calm: 97, faulty: 97 }

/** A whole first scenario, with comments: the first upstream fails now and then, and retries hide it. */
export function scenarioText({ app, upstreams }: Answers, place: Place): string {
  const [failing] = upstreams as [AnsweredUpstream]
  const size = app === undefined ? { ...STRAIGHT, rate: STRAIGHT.rate * upstreams.length } : APP
  return `${[
    head(failing, place),
    stubs(upstreams, app),
    ...(app === undefined ? [] : [appPart(app, upstreams)]),
    policy(failing, upstreams, app, size.rate),
    load(app, upstreams, size.rate),
    phases(failing, size),
    claims(failing, upstreams, app, size),
    next(failing, app),
  ]
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`
}

type Size = typeof APP

const head = ({ name }: AnsweredUpstream, { schema, file }: Place) => [
  `# yaml-language-server: $schema=${schema}`,
  `# chaos run ${file}      whether it is true, with the evidence`,
  `# chaos explain ${file}  what its faults, limits and load come to, without starting anything`,
  `name: ${flow(`callers do not notice that one in ten tries at ${name} fails`)}`,
]

const stubs = (upstreams: readonly AnsweredUpstream[], app: AnsweredApp | undefined) => [
  '# The services that are called. Stubs stand in for them: nothing real is touched.',
  'upstreams:',
  ...upstreams.flatMap(({ name, by, respond }, i) => [
    `  ${flow(name)}:`,
    ...(i === 0 ? ['    replicas: 2'] : []),
    ...beside([
      ['    latency: 10ms', i === 0 ? 'or { p50: 10ms, p99: 80ms }' : ''],
      [`    respond: ${responded(respond)}`, i === 0 && app && respond === undefined ? 'put here what the app needs for an answer' : ''],
      // By its own name, at any port, Envoy knows it anyway.
      ...('host' in by && by.host.replace(/:\d+$/, '') !== name.toLowerCase()
        ? ([[`    hosts: ${flowList([by.host])}`, 'what the app calls it']] satisfies Line[])
        : []),
    ]),
  ]),
]

/** JSON is YAML, too, but for characters that only the one has as they are. */
function responded(respond: Respond = { json: {} }): string {
  if ('status' in respond) return `{ status: ${respond.status} }`
  const json = JSON.stringify(respond.json).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `{ status: 200, json: ${json} }`
}

function appPart({ runs, port }: AnsweredApp, upstreams: readonly AnsweredUpstream[]): string[] {
  const started: Line[] =
    'command' in runs
      ? [
          [`  command: ${flowList(runs.command)}`, 'no shell reads it; it starts in the folder of this file'],
          port === undefined
            ? ['  # port: 8080', 'left out: a free one, which the app finds in PORT']
            : [`  port: ${port}`, 'where it listens, on 127.0.0.1'],
        ]
      : [
          'image' in runs
            ? [`  image: ${flow(runs.image)}`, 'or build: ./, for a folder with a Dockerfile']
            : [`  build: ${flow(runs.build)}`, 'a folder with a Dockerfile; or image: NAME'],
          [`  port: ${port}`, 'inside the container, where the app listens on 0.0.0.0'],
        ]
  const proxy: Line[] = upstreams.some(({ by }) => 'host' in by)
    ? [['  proxy: true', 'HTTP_PROXY leads its calls to those hosts to Envoy']]
    : []
  const variables = upstreams.flatMap(({ name, by }) =>
    'variables' in by ? by.variables.map((variable) => `    ${variable}: ${flow(addressIn(variable, name))}`) : [],
  )
  return [
    '# Load goes to the app, and the app calls the upstreams through Envoy.',
    'app:',
    ...beside([
      ...started,
      ...proxy,
      ['  # ready: { http: /healthz }', 'when the load may begin; left out: when it accepts connections'],
      ['  # client: { timeout: 3s, retries: 0 }', 'what its own client does: chaos warns where that and Envoy do not fit'],
    ]),
    ...(variables.length === 0
      ? []
      : ['  env: # addresses at Envoy, in place of the real ones; .host and .port of each are there, too', ...variables]),
  ]
}

/** What the app is told in a variable, by what such a name usually means. */
function addressIn(variable: string, cluster: string): string {
  const part = (name: 'url' | 'host' | 'port') => `\${clusters.${cluster}.${name}}`
  if (/(^|_)HOST(NAME)?$/i.test(variable)) return part('host')
  if (/(^|_)PORT$/i.test(variable)) return part('port')
  return /(^|_)ADDR(ESS)?$/i.test(variable) ? `${part('host')}:${part('port')}` : part('url')
}

/** The narrower route first, since the first match wins. */
function policy(failing: AnsweredUpstream, upstreams: readonly AnsweredUpstream[], app: AnsweredApp | undefined, rate: number): string[] {
  const routed = upstreams.toSorted((a, b) => prefixOf(b).length - prefixOf(a).length)
  return [
    '# The policy under test, in the words of Envoy.',
    'envoy:',
    '  clusters:',
    `    ${flow(failing.name)}:`,
    '      connect_timeout: 250ms # to open a connection; it never sees the answer',
    `      # Maxima: what is beyond is refused. In flight are about rate × latency: ${perUpstream(rate, app, upstreams)}/s × 10 ms = ${(perUpstream(rate, app, upstreams) * 10) / 1000}.`,
    "      # max_retries is for all requests together; Envoy's default of 3 suppresses retries when many fail at once.",
    '      circuit_breakers: { max_pending_requests: 200, max_requests: 200, max_retries: 20 }',
    '  routes:',
    ...routed.flatMap((upstream) =>
      upstream === failing
        ? [
            `    - match: { prefix: ${flow(prefixOf(upstream))} }`,
            `      cluster: ${flow(upstream.name)}`,
            '      timeout: 2s # all tries together; 3 tries × 500ms + back-off of at most 75ms fit in',
            '      # Also after a timeout or a reset. A POST is tried again, too: is it safe to do twice?',
            '      retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 500ms }',
          ]
        : [`    - { match: { prefix: ${flow(prefixOf(upstream))} }, cluster: ${flow(upstream.name)}, timeout: 2s }`],
    ),
  ]
}

/** An app asks at a port of each cluster, where any path is right. */
const prefixOf = ({ by }: AnsweredUpstream) => ('prefix' in by ? by.prefix : '/')

const perUpstream = (rate: number, app: AnsweredApp | undefined, upstreams: readonly unknown[]) =>
  app === undefined ? rate / upstreams.length : rate

const load = (app: AnsweredApp | undefined, upstreams: readonly AnsweredUpstream[], rate: number) => [
  'load:',
  ...beside([
    [`  rate: ${rate}/s`, 'requests go out when they are due, whether or not earlier ones were answered'],
    ['  deadline: 3s', 'a later answer is no success; the outer limit is longer than the inner one, timeout'],
    ['  warmup: 1s', 'the first answers of what has just started are slow'],
  ]),
  '  requests:',
  ...(app === undefined ? upstreams.map(prefixOf) : [app.path]).map((path) => `    - GET: ${flow(path)}`),
]

const phases = ({ name }: AnsweredUpstream, { baseline, fault, recovery }: Size) => [
  'phases:',
  `  - { name: baseline, for: ${baseline}s }`,
  '  # Behind the router, so that the policy reacts to it. Other faults: delay: 800ms, when: { header: { x-user: jason } }.',
  `  - { name: failing, for: ${fault}s, faults: [{ cluster: ${flow(name)}, abort: 503, percent: 10 }] }`,
  `  - { name: recovery, for: ${recovery}s }`,
]

function claims(
  { name }: AnsweredUpstream,
  upstreams: readonly unknown[],
  app: AnsweredApp | undefined,
  { calm, faulty, rate, fault }: Size,
): string[] {
  const cluster = app === undefined && upstreams.length > 1 ? `, cluster: ${flow(name)}` : ''
  const count = perUpstream(rate, app, upstreams) * fault
  return [
    '# Each claim is judged by a 95 % interval. What decides it is how many requests there are: longer phases allow closer claims.',
    'expect:',
    ...(app === undefined
      ? [`  - { phase: baseline${cluster}, success_rate: ">= ${calm}%", p95: "<= 250ms" }`]
      : [`  - { phase: baseline, success_rate: ">= ${calm}%" } # add p95: "<= 100ms", once you know what is usual`]),
    `  # A request fails when its 3 tries do: 0.1 × 0.1 × 0.1 = 0.1 %${app === undefined ? '' : ' a call'}; without retries 10 %. ${plural(count, 'request')} can show ${faulty} %.`,
    ...(app === undefined
      ? [
          '  # The price is 0.1 + 0.01 more attempts a request: 1.11.',
          `  - { phase: failing${cluster}, success_rate: ">= ${faulty}%", retry_amplification: "<= 1.25", breaker_rejections: 0 }`,
        ]
      : [
          `  - { phase: failing, success_rate: ">= ${faulty}%" }`,
          '  # What Envoy did for a request is known where the app hands on x-request-id (or traceparent) with its calls. Then also:',
          `  # - { phase: failing, retry_amplification: "<= 1.25", breaker_rejections: 0 }`,
        ]),
    '  - { phase: recovery, recovers_within: 1s }',
  ]
}

const next = ({ name }: AnsweredUpstream, app: AnsweredApp | undefined) => [
  '# What next? Change one thing, and run it again:',
  ...beside([
    ['#   num_retries: 0', `fails: callers see ${app === undefined ? 'every abort' : 'what the app makes of every abort'}`],
    ['#   delay: 800ms, and no abort', 'passes: per_try_timeout cuts the slow try after 500ms, and the next one is answered'],
    ['#   percent: 60', `fails: 0.6 × 0.6 × 0.6 = 22 % of the requests do, and ${name} has twice the load`],
  ]),
  '# What happened to a request: chaos explain chaos-results/RUN ID.',
]
