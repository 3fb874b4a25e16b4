import { z } from 'zod'
import { duration, headerName, wholeNumber } from '../value/scalar.ts'
import { listed } from '../value/show.ts'
import { build, image } from './container-schema.ts'
import { environment, ready, words } from './program-schema.ts'

/** What only a server has, and only a program that ends. */
const OF_SERVER = ['port', 'ready'] as const
const OF_RUN = ['times', 'parallel', 'within'] as const

const client = z
  .strictObject({
    timeout: duration.optional().describe('After so long it gives a call up.'),
    retries: wholeNumber(0, 100).default(0).describe('So often it makes a call again that failed or that it gave up.'),
  })
  .describe(
    'What the app itself does about a call that fails or is slow. It sets nothing: the arithmetic reckons with it, and warns where its limits and those of Envoy do not fit.',
  )

/** The app under test: a program between the load and Envoy. */
export const app = z
  .strictObject({
    command: words
      .optional()
      .describe(
        `A server. Program and arguments; no shell reads them. It starts on this machine, in the folder of the scenario; \${chaos.node} is the Node that chaos runs on; beside image or build, in the container, in place of the command of its image.`,
      ),
    image: image
      .optional()
      .describe(
        `In place of command: a server in a container, by the name of its image; \${NAME:-default} stands for an environment variable of whoever starts the run. It needs port, and listens there on all addresses (0.0.0.0).`,
      ),
    build: build
      .optional()
      .describe(
        'In place of image: it is built from this folder by its Dockerfile, or from { context: ./folder, dockerfile: Dockerfile.test, args: { BASE: node:24-slim } }.',
      ),
    run: words
      .optional()
      .describe(
        'In place of command: a program that does its work and ends, such as [node, ./job.mjs]. Each phase runs it so many times, in place of load; it is a success when it ends with exit code 0 in time.',
      ),
    times: wholeNumber(1, 100_000).optional().describe('Of run: how many times in each phase. Left out: 1.'),
    parallel: wholeNumber(1, 100).optional().describe('Of run: so many at once. Left out: 1.'),
    within: duration.optional().describe('Of run: one that takes longer is killed, and no success. Left out: 30s.'),
    port: wholeNumber(1, 65_535)
      .optional()
      .describe('Where it listens, in a container inside of that; told to it as PORT. Left out: a free one.'),
    env: environment
      .default({})
      .describe(
        `Further environment variables. \${clusters.NAME.url}, .host and .port stand for the address of a cluster, \${envoy.url} and so on for the shared port, \${app.port} for its own; without any, each cluster is known to it as NAME_URL (my-db as MY_DB_URL).`,
      ),
    proxy: z
      .boolean()
      .default(false)
      .describe(
        'Whether it is told by HTTP_PROXY to send its calls to other hosts through Envoy, which knows clusters by their name and hosts.',
      ),
    id_header: headerName
      .transform((name) => name.toLowerCase())
      .optional()
      .describe(
        'A header that the app hands on to the services it calls: load sends the id of each request in it, so that the calls of a request can be told. Known anyway: x-request-id and traceparent.',
      ),
    client: client.optional(),
    ready: ready.optional().describe('When the load may begin. Left out: when it accepts connections.'),
  })
  .superRefine((value, context) => {
    const { command, run, image, build, port } = value
    const fail = (message: string, key?: string) =>
      context.addIssue({ code: 'custom', message, ...(key === undefined ? {} : { path: [key], params: { at: 'key' } }) })
    const ways = Object.entries({ run, image, build }).flatMap(([way, given]) => (given === undefined ? [] : [way]))
    if (run !== undefined && command !== undefined) ways.unshift('command')
    if (ways.length > 1 || (ways.length === 0 && command === undefined))
      return fail(
        `expected command (a server), run (a program that ends), or image or build (a server in a container), got ${ways.length === 0 ? 'none' : listed(ways, 'and')}`,
      )
    const [way = 'command'] = ways
    const [idle, other] = way === 'run' ? [OF_SERVER, 'a server'] : [OF_RUN, 'run']
    for (const key of idle) if (value[key] !== undefined) fail(`${key} belongs to ${other}, and this app has ${way}: leave it out`, key)
    if ((image ?? build) !== undefined && port === undefined)
      fail('the key "port" is missing: a container is asked at a port that is known before')
  })
  .describe('The app under test. Load goes to it, and it calls the clusters through Envoy.')
