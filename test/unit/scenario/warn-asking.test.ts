import { expect, test } from 'vitest'
import { unheededRequests } from '../../../src/scenario/warn-asking.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

const warnings = (headers: string, faults: string, app = '') => {
  const scenario = scenarioOf(`
upstreams: { one: {}, two: {} }
envoy: { routes: [{ match: { prefix: /two }, cluster: two }, { match: { prefix: / }, cluster: one }] }
load: { rate: 100/s, requests: [{ GET: /a }, { GET: /b, headers: { ${headers} } }, { GET: /c, headers: { x-envoy-fault-abort-request: "418" } }] }
phases: [{ name: all, for: 5s, faults: [{ cluster: one, abort: 418, by: header }, ${faults}] }]
${app}`)
  return unheededRequests(scenario).map(({ path, message, hint }) => `${path.join('.')}: ${message}; ${hint}`)
}

const WHERE = 'load.requests.1.headers.x-envoy-fault'

test.each([
  [
    'X-Envoy-Fault-Abort-Request: "503"',
    '',
    `${WHERE}-abort-request: does nothing: no fault by: header takes it from this request, those that there are take 418; add { cluster: …, abort: 503, by: header } to the faults of a phase`,
  ],
  [
    'x-envoy-fault-delay-request: "400"',
    '',
    `${WHERE}-delay-request: does nothing: no fault by: header takes it from this request; add { cluster: …, delay: 400ms, by: header } to the faults of a phase`,
  ],
  ['x-envoy-fault-abort-request: "503"', '{ cluster: one, delay: 1ms }', /abort: 503, by: header/],
  [
    'x-envoy-fault-throughput-response: "5"',
    '',
    /what can be asked for is x-envoy-fault-abort-request, x-envoy-fault-abort-grpc-request and x-envoy-fault-delay-request, of a fault by: header; "5" of x-envoy-fault-throughput-response is nothing of that$/,
  ],
  ['x-envoy-fault-abort-request: "yes"', '', /"yes" of x-envoy-fault-abort-request is nothing of that$/],
])('of a request that asks by %s with %s is warned', (headers, faults, message) => {
  expect(warnings(headers, faults)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)])
})

test.each([
  ['one that is taken', 'x-envoy-fault-abort-request: "503"', '{ cluster: one, abort: 503, by: header }'],
  ['one that is no asking', 'x-user: jason', '{ cluster: one, abort: 503 }'],
])('of %s is not warned', (_, headers, faults) => expect(warnings(headers, faults)).toEqual([]))

test('with an app in between, any cluster that it may call can take it', () => {
  const app = 'app: { command: [node, app.mjs] }'
  expect(warnings('x-envoy-fault-abort-request: "503"', '{ cluster: two, abort: 503, by: header }', app)).toEqual([])
  expect(warnings('x-envoy-fault-abort-request: "503"', '{ cluster: two, abort: 503 }', app)).toHaveLength(1)
})
