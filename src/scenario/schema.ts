import { z } from 'zod'
import { formatMs } from '../units.ts'
import { duration, grpcStatus, headers, hostname, httpStatus, name, path, rate, rateOrZero, title, wholeNumber } from '../value/scalar.ts'
import { listed, show } from '../value/show.ts'
import { app } from './app-schema.ts'
import { build, image } from './container-schema.ts'
import { isContainer } from './containers.ts'
import { envoy } from './envoy-schema.ts'
import { expectation } from './expect-schema.ts'
import { fault } from './fault-schema.ts'
import { METHODS, type Method } from './methods.ts'
import { environment, ready, words } from './program-schema.ts'

/**
 * The only definition of the scenario format: the types, the JSON Schema for editors and the reference in the README
 * come from here. What spans several places of a file (names that must exist, claims that need more requests) is
 * checked in `check.ts`.
 */

/** Any value that YAML can hold; document.ts lets nothing through that JSON could not. */
const json = z.unknown().meta({ title: 'any' })

const latency = z
  .union(
    [
      duration,
      z
        .strictObject({ p50: duration, p99: duration })
        .refine((value) => value.p99 > value.p50, {
          path: ['p99'],
          error: (issue) => {
            const { p50, p99 } = issue.input as { p50: number; p99: number }
            return `expected p99 to be above p50 (${formatMs(p50)}), got ${formatMs(p99)}`
          },
        })
        .describe('Log-normal, given by its median and its 99th percentile.'),
      z.strictObject({ exponential: duration }).describe('Exponential, given by its mean.'),
      z
        .strictObject({ samples: z.string().min(1, { error: 'expected the path of a file, got ""' }) })
        .describe('Drawn from a file with one number of ms a line; the path is relative to the scenario.'),
    ],
    {
      error: (issue) =>
        `expected a duration such as 20ms, or a map such as { p50: 20ms, p99: 90ms }, { exponential: 20ms } or { samples: ./file }, got ${show(issue.input)}`,
    },
  )
  .meta({ title: 'duration or map' })
  .describe(
    'How long a worker is busy with one request: fixed (20ms), log-normal ({ p50: 20ms, p99: 90ms }), exponential with this mean ({ exponential: 20ms }), or drawn from a file ({ samples: ./file }, one number of ms a line). Left out: 1ms.',
  )

const OF_CONTAINER = ['command', 'port', 'env', 'ready'] as const

/** What is set of a stub, and why it cannot be set of a container. */
const OF_STUB = {
  workers: 'it works on as many requests at once as it does',
  latency: 'it takes as long as it does',
  respond: 'it answers what it does',
  unreachable: 'each of its replicas is started',
}

const upstream = z
  .strictObject({
    replicas: wholeNumber(1, 20).default(1).describe('How many servers; each gets a hop of its own in Envoy.'),
    unreachable: z
      .array(wholeNumber(1, 20))
      .min(1)
      .optional()
      .describe('Replicas, counted from 1, that get no answer to any attempt to connect, in the whole run. Left out: none.'),
    image: image
      .optional()
      .describe(
        `A real server in a container, in place of the stub: the name of its image; \${NAME:-default} stands for an environment variable of whoever starts the run. It needs port, and listens there on all addresses (0.0.0.0).`,
      ),
    build: build
      .optional()
      .describe(
        'In place of image: it is built from this folder by its Dockerfile, or from { context: ./folder, dockerfile: Dockerfile.test, args: { BASE: node:24-slim } }.',
      ),
    command: words.optional().describe('Of a container: in place of the command of its image. No shell reads it.'),
    port: wholeNumber(1, 65_535).optional().describe('Of a container: where it listens inside of that; told to it as PORT.'),
    env: environment.optional().describe('Of a container: its environment variables.'),
    ready: ready.optional().describe('Of a container: when the load may begin. Left out: when it accepts connections.'),
    workers: wholeNumber(1, 10_000)
      .optional()
      .describe('Requests served at once per replica, the rest queue (first in, first out). Left out: no limit.'),
    latency: latency.optional(),
    hosts: z
      .array(hostname)
      .max(100)
      .optional()
      .describe('Other names under which an app asks for it on the shared port or through the proxy, such as api.example.com.'),
    respond: z
      .strictObject({
        status: httpStatus.default(200).describe('The status of each answer.'),
        headers: headers.default({}).describe('Headers of each answer.'),
        grpc_status: grpcStatus
          .optional()
          .describe(
            'How a gRPC call ends, by its name or number: with OK in trailers behind a message, else in the headers of an answer that has nothing more. Left out: OK.',
          ),
        body: z.string().optional().describe('The body, as text.'),
        json: json.optional().describe('The body, as JSON.'),
      })
      .refine((respond) => respond.grpc_status === undefined || respond.status === 200, {
        path: ['grpc_status'],
        error: 'an answer with a grpc_status has the HTTP status 200: leave status out, or grpc_status',
      })
      .refine((respond) => respond.body === undefined || respond.json === undefined, { error: 'expected body or json, got both' })
      .optional()
      .describe('What each answer says. Left out: status 200.'),
  })
  .superRefine((value, context) => {
    const fail = (message: string, key: string) => context.addIssue({ code: 'custom', message, path: [key], params: { at: 'key' } })
    if (value.image !== undefined && value.build !== undefined) return fail('expected image or build, got both', 'build')
    if (!isContainer(value)) {
      for (const key of OF_CONTAINER)
        if (value[key] !== undefined)
          fail(`${key} is of a container, and this upstream is a stub: add image or build, or leave it out`, key)
      return
    }
    for (const [key, why] of Object.entries(OF_STUB))
      if (value[key as keyof typeof OF_STUB] !== undefined) fail(`${key} is of a stub, and this upstream is a container: ${why}`, key)
    if (value.port === undefined)
      context.addIssue({ code: 'custom', message: 'the key "port" is missing: Envoy asks a container at a port that is known before' })
  })
  .transform((value) => ({ ...value, respond: isContainer(value) ? undefined : (value.respond ?? { status: 200, headers: {} }) }))
  .describe('A service that your clusters point to: a stub server in its place, or the real one in a container.')

const request = z
  .strictObject({
    name: title.optional().describe('How expectations refer to it.'),
    ...(Object.fromEntries(METHODS.map((method) => [method, path.optional().describe(`Sends ${method} to this path.`)])) as Record<
      Method,
      z.ZodOptional<typeof path>
    >),
    weight: z
      .number()
      .refine((value) => value > 0 && value <= 1_000_000, {
        error: (issue) => `expected a weight above 0 and at most 1000000, got ${show(issue.input)}`,
      })
      .meta({ exclusiveMinimum: 0, maximum: 1_000_000 })
      .default(1)
      .describe('Its share among the requests.'),
    headers: headers.default({}).describe('Headers to send.'),
    body: z.string().optional().describe('The body, as text.'),
    json: json.optional().describe('The body, as JSON.'),
    upload: z
      .strictObject({ over: duration.describe('How long sending the body takes.') })
      .optional()
      .describe(
        'Send the body slowly: in pieces, evenly over this time, as a caller on a bad line does. Of the open loop; needs a body or json of at least two bytes. Latency counts from the due time all the same. Left out: at once.',
      ),
    success_status: z.array(httpStatus).min(1).max(400).optional().describe('The statuses that count as success. Left out: 200 to 399.'),
  })
  .superRefine((value, context) => {
    const given = METHODS.filter((method) => value[method] !== undefined)
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message: `expected one method with its path, such as GET: /items/42, got ${given.length === 0 ? 'none' : listed(given, 'and')}`,
      })
    if (value.body !== undefined && value.json !== undefined)
      context.addIssue({ code: 'custom', message: 'expected body or json, got both' })
  })
  .describe('One kind of request: a method with its path, such as GET: /items/42.')

const load = z
  .strictObject({
    rate: rate.optional().describe('Open loop: requests begun per second, whether or not earlier ones were answered.'),
    arrivals: z
      .enum(['constant', 'poisson'])
      .optional()
      .describe('Of the open loop: even gaps, or random ones from the seed. Left out: constant.'),
    connections: wholeNumber(1, 1000)
      .optional()
      .describe(
        'Closed loop: so many callers, each of which sends its next request when its last one is answered. When answers slow down, so does the load, and latency counts from the sending (coordinated omission): to see what independent callers suffer, use rate.',
      ),
    think: z
      .union([duration, z.strictObject({ exponential: duration.describe('Random, with this mean.') })], {
        error: (issue) => `expected a duration such as 100ms, or a map such as { exponential: 100ms }, got ${show(issue.input)}`,
      })
      .meta({ title: 'duration or map' })
      .optional()
      .describe(
        'Of the closed loop: how long a caller waits between an answer and its next request, fixed (100ms) or exponential with this mean ({ exponential: 100ms }). Left out: not at all.',
      ),
    warmup: duration
      .optional()
      .describe(
        'Before the first phase, load as at its beginning, but without faults: these requests are in no phase and no claim. The first answers of anything that has just been started are slow. Left out: none.',
      ),
    deadline: duration.optional().describe('An answer later than this after its due time is not a success. Left out: 5s.'),
    target: z
      .url({ protocol: /^https?$/, error: (issue) => `expected an address such as http://127.0.0.1:8080, got ${show(issue.input)}` })
      .meta({ title: 'address' })
      .optional()
      .describe('Where to send the load instead of the shared port of Envoy. Loopback only, unless --allow-target names the host.'),
    requests: z.array(request).min(1).max(200).optional().describe('The kinds of request, drawn by weight. Left out: GET /.'),
  })
  .describe('The load: an open loop (rate), or a closed one (connections).')

const phase = z.strictObject({
  name: title.describe('How expectations refer to it.'),
  for: duration.describe('How long it lasts.'),
  rate: z
    .union([rateOrZero, z.strictObject({ from: rateOrZero.describe('At its beginning.'), to: rateOrZero.describe('At its end.') })], {
      error: (issue) => `expected a rate such as 200/s, or a map such as { from: 50/s, to: 400/s }, got ${show(issue.input)}`,
    })
    .meta({ title: 'rate or map' })
    .optional()
    .describe('The rate in this phase, or a ramp: { from: 50/s, to: 400/s }. Steps are phases of different rates. Left out: load.rate.'),
  bursts: z
    .strictObject({
      size: wholeNumber(1, 10_000).describe('How many requests.'),
      every: duration.describe('From one burst to the next.'),
    })
    .optional()
    .describe('Besides the rate, so many requests at one instant: { size: 50, every: 2s }, the first time at the start of the phase.'),
  faults: z
    .array(fault)
    .max(50)
    .default([])
    .describe(
      'Switched on at the start of the phase and off at its end. Each is drawn by itself, and those of one place act in this order: after a delay the next is met, after an abort none.',
    ),
})

export const scenarioSchema = z
  .strictObject({
    name: title.describe('The claim, in words.'),
    description: z.string().optional().describe('What it is about, for readers.'),
    seed: wholeNumber(0, 4_294_967_295).default(1).describe('Every random draw of chaos comes from it (those of Envoy do not).'),
    upstreams: z
      .record(name, upstream)
      .refine((map) => Object.keys(map).length > 0, { error: 'expected at least one upstream, got none' })
      .describe('The services that are called, by name: stub servers, or containers. Each is also a cluster of Envoy of the same name.'),
    app: app.optional(),
    envoy: envoy.default({ clusters: {} }),
    load,
    phases: z.array(phase).min(1).max(100).describe('One after the other; the load goes on through all of them.'),
    expect: z.array(expectation).min(1).max(500).describe('The claims; each is judged on its own.'),
  })
  .describe('A chaos scenario: a claim about timeouts, retries or circuit breakers, tested on a real Envoy.')

export type ScenarioDocument = z.output<typeof scenarioSchema>
