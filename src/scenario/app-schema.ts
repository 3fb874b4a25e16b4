import { z } from 'zod'
import { duration, headerName, path, wholeNumber } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** Text that a program is given: no NUL, since the kernel ends it there. */
const text = (what: string) =>
  z
    .union([z.string(), z.number(), z.boolean()], { error: (issue) => `expected text as ${what}, got ${show(issue.input)}` })
    .transform(String)
    .refine((value) => !value.includes('\0') && value.length <= 100_000, {
      error: `expected text as ${what} without a NUL character, of at most 100000 characters`,
    })
    .meta({ title: 'text', type: 'string' })

const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, {
      error: (issue) => `expected the name of an environment variable, such as INVENTORY_URL, got ${show(issue.input)}`,
    }),
    text('the value of an environment variable'),
  )
  .meta({ title: 'map' })

const words = z
  .array(text('a word of the command'))
  .min(1, { error: 'expected a program and its arguments, such as [node, ./shop.mjs], got an empty list' })
  .max(1000)

/** What only a server has, and only a program that ends. */
const OF_COMMAND = ['port', 'ready'] as const
const OF_RUN = ['times', 'parallel', 'within'] as const

const WAYS = ['http', 'port', 'log'] as const

const ready = z
  .strictObject({
    http: path.optional().describe('It answers GET on this path with 200 to 399.'),
    port: z.literal(true).optional().meta({ title: '`true`' }).describe('It accepts connections.'),
    log: z.string().min(1).max(1000).optional().describe('Its output contains this text.'),
    within: duration.optional().describe('How long that may take. Left out: 10s.'),
  })
  .superRefine((value, context) => {
    const given = WAYS.filter((way) => value[way] !== undefined)
    if (given.length > 1) context.addIssue({ code: 'custom', message: `expected one of ${WAYS.join(', ')}, got ${given.join(' and ')}` })
  })

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
      .describe('A server. Program and arguments; no shell reads them. It starts in the folder of the scenario. Left out: run is there.'),
    run: words
      .optional()
      .describe(
        'In place of command: a program that does its work and ends, such as [node, ./job.mjs]. Each phase runs it so many times, in place of load; it is a success when it ends with exit code 0 in time.',
      ),
    times: wholeNumber(1, 100_000).optional().describe('Of run: how many times in each phase. Left out: 1.'),
    parallel: wholeNumber(1, 100).optional().describe('Of run: so many at once. Left out: 1.'),
    within: duration.optional().describe('Of run: one that takes longer is killed, and no success. Left out: 30s.'),
    port: wholeNumber(1, 65_535).optional().describe('Where it listens; told to it as PORT. Left out: a free one.'),
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
    const [kind, other, idle] = value.run === undefined ? ['command', 'run', OF_RUN] : ['run', 'command', OF_COMMAND]
    if ((value.run === undefined) === (value.command === undefined))
      context.addIssue({
        code: 'custom',
        message: `expected command (a server) or run (a program that ends), got ${value.run ? 'both' : 'neither'}`,
      })
    else
      for (const key of idle)
        if (value[key as keyof typeof value] !== undefined)
          context.addIssue({
            code: 'custom',
            path: [key],
            params: { at: 'key' },
            message: `${key} belongs to ${other}, and this app has a ${kind}: leave it out`,
          })
  })
  .describe('The app under test. Load goes to it, and it calls the clusters through Envoy.')
