import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { stringify } from 'yaml'
import { envoyParts } from '../../src/fragment/envoy.ts'
import type { Settings } from '../../src/fragment/settings.ts'
import { type LogEntry, outcomeOf } from '../../src/traffic-log/entry.ts'
import { isBad, parseLine } from '../../src/traffic-log/parse-line.ts'
import { ms } from '../../src/units.ts'
import { chaos } from '../helpers/run.ts'

/** A real Envoy writes its own text and JSON of the same requests. */
const folder = mkdtempSync(join(tmpdir(), 'chaos-log-'))
const [textLog, jsonLog] = [join(folder, 'text.log'), join(folder, 'json.log')]

const REQUESTS = 400
const TIMEOUT_MS = 300
const RETRY_AFTER_MS = 60
/** Of 400, every 40th would take longer than the timeout. */
const CUT = REQUESTS / 40

let upstream: Server

const http = 'type.googleapis.com/envoy.extensions.filters'
const fileLog = (path: string, format = {}) => ({
  name: 'file',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog', path, ...format },
})
const JSON_FORMAT = {
  start_time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(:PATH)%',
  authority: '%REQ(:AUTHORITY)%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  upstream_cluster: '%UPSTREAM_CLUSTER%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_request_attempt_count: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
}

function bootstrap(port: number, { cluster = {}, routes }: { cluster?: object; routes: object[] }) {
  const listen = (at: number) => ({ socket_address: { address: '127.0.0.1', port_value: at } })
  return {
    admin: { address: listen(0) },
    static_resources: {
      listeners: [
        {
          name: 'in',
          address: listen(0),
          filter_chains: [
            {
              filters: [
                {
                  name: 'hcm',
                  typed_config: {
                    '@type': `${http}.network.http_connection_manager.v3.HttpConnectionManager`,
                    stat_prefix: 'in',
                    access_log: [fileLog(textLog), fileLog(jsonLog, { log_format: { json_format: JSON_FORMAT } })],
                    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
                    http_filters: [{ name: 'router', typed_config: { '@type': `${http}.http.router.v3.Router` } }],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          ...cluster,
          name: 'items',
          load_assignment: { cluster_name: 'items', endpoints: [{ lb_endpoints: [{ endpoint: { address: listen(port) } }] }] },
        },
      ],
    },
  }
}

function write(config: object): string {
  const file = join(folder, 'envoy.yaml')
  writeFileSync(file, stringify(config))
  return file
}

const agent = new Agent({ keepAlive: true, maxSockets: 20 })
const ask = (port: number, path: string) =>
  new Promise<number>((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, agent, headers: { 'user-agent': 'a "quoted" agent' } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
      .on('error', reject)
      .end()
  })

beforeAll(async () => {
  const seen = new Set<string>()
  upstream = createServer((incoming, answer) => {
    const { url = '' } = incoming
    const number = Number(url.split('-')[1] ?? 0)
    const first = url.startsWith('/again') && !seen.has(url)
    seen.add(url)
    const delay = first ? RETRY_AFTER_MS : number % 40 === 39 ? 3 * TIMEOUT_MS : 5 + (number % 10)
    setTimeout(() => answer.writeHead(first ? 503 : 200).end(), delay)
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const config = write(
    bootstrap(port, {
      routes: [
        { match: { prefix: '/again' }, route: { cluster: 'items', retry_policy: { retry_on: '5xx', num_retries: 1 } } },
        { match: { prefix: '/items' }, route: { cluster: 'items', timeout: `${TIMEOUT_MS / 1000}s` } },
      ],
    }),
  )
  const admin = join(folder, 'admin')
  const args = [
    '-c',
    config,
    '-l',
    'error',
    '--disable-hot-restart',
    '--concurrency',
    '1',
    '--admin-address-path',
    admin,
    '--file-flush-interval-msec',
    '50',
  ]
  const envoy = spawn(inject('envoy'), args, { stdio: 'ignore' })
  try {
    while (!existsSync(admin) || readFileSync(admin, 'utf8') === '') await sleep(20)
    const address = readFileSync(admin, 'utf8').trim()
    const { listener_statuses: all } = (await (await fetch(`http://${address}/listeners?format=json`)).json()) as {
      listener_statuses: { local_address: { socket_address: { port_value: number } } }[]
    }
    const at = all[0]?.local_address.socket_address.port_value as number
    await Promise.all(Array.from({ length: REQUESTS }, (_, i) => ask(at, `/items/i-${i}`)))
    await ask(at, '/again')
    await ask(at, '/nowhere')
  } finally {
    agent.destroy()
    envoy.kill()
    await once(envoy, 'exit')
  }
}, 60_000)

afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true })
})

function entries(file: string): LogEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = parseLine(line)
      if (isBad(parsed)) throw new Error(`${line}\ncolumn ${parsed.col}: expected ${parsed.expected}`)
      return parsed
    })
}

describe.each([
  ['text', textLog],
  ['JSON', jsonLog],
])('what Envoy writes as %s', (_, file) => {
  test('is read line by line, and each outcome is what was done', () => {
    const counts: Record<string, number> = {}
    for (const entry of entries(file)) counts[outcomeOf(entry)] = (counts[outcomeOf(entry)] ?? 0) + 1
    expect(counts).toEqual({ served: REQUESTS - CUT + 1, cut: CUT, refused: 1 })
  })

  test('the service time has the earlier tries in it, and so is not that of a try', () => {
    const again = entries(file).find(({ path }) => path === '/again')
    // Timers of Node and Envoy may be a ms short each.
    expect(again?.serviceMs).toBeGreaterThanOrEqual(RETRY_AFTER_MS - 2)
    expect(again?.ms).toBeGreaterThanOrEqual(again?.serviceMs as number)
  })

  test('gives a timeout for the share that the present one leaves, and none for less', async () => {
    const tuned = async (share: string, ...flags: string[]) => {
      const { code, stdout } = await chaos([
        'tune',
        '--from',
        file,
        '--by',
        'all',
        '--false-timeouts',
        share,
        '--retries',
        '0',
        '--json',
        ...flags,
      ])
      return { code, group: JSON.parse(stdout).groups[0] }
    }
    const some = await tuned('10%')
    expect(some).toMatchObject({ code: 0, group: { requests: REQUESTS + 2, outcomes: { cut: CUT } } })
    expect(some.group.proposal.timeout_ms).toBeLessThanOrEqual(TIMEOUT_MS)
    // 10 of 401 were cut: 2.5 %.
    const few = await tuned('1%')
    expect(few).toMatchObject({ code: 4, group: { proposal: { timeout_ms: null } } })
  })
})

test('both tell the same of each request', () => {
  const plain = ({ start, ms: took, serviceMs, method, path, authority, status, flags, host }: LogEntry) => ({
    ...{ start, took, serviceMs, method, path, authority, status, flags, host },
  })
  expect(entries(textLog).map(plain)).toEqual(entries(jsonLog).map(plain))
})

test('Envoy takes what a fragment says of a cluster and a route', async () => {
  const settings: Settings = {
    cluster: 'items',
    timeout: ms(800),
    retry_policy: {
      retry_on: ['gateway-error', 'connect-failure'],
      num_retries: 2,
      per_try_timeout: ms(250),
      retry_back_off: { base_interval: ms(10), max_interval: ms(50) },
    },
    circuit_breakers: {
      max_connections: 20,
      max_pending_requests: 5,
      max_requests: 40,
      max_retries: 4,
      retry_budget: { budget_percent: { value: 25 }, min_retry_concurrency: 1 },
    },
    outlier_detection: { consecutive_5xx: 3, interval: ms(500), base_ejection_time: ms(1000), max_ejection_percent: 50 },
  }
  const { cluster, route } = envoyParts(settings)
  const validate = (parts: { cluster: object; routes: object[] }) =>
    promisify(execFile)(inject('envoy'), ['--mode', 'validate', '-c', write(bootstrap(1, parts)), '-l', 'error', '--disable-hot-restart'])
  await expect(validate({ cluster, routes: [route] })).resolves.toBeDefined()
  // The check sees a key that Envoy does not know.
  await expect(validate({ cluster: { ...cluster, circuit_breaker: {} }, routes: [route] })).rejects.toThrow()
})
