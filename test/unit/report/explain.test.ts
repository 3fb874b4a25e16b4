import { expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { predict } from '../../../src/predict/predict.ts'
import { explainedConfig, explainedJson, renderExplained } from '../../../src/report/explain.ts'
import { cells } from '../../../src/report/layout.ts'
import { scenarioOf } from '../../helpers/scenario.ts'
import { EXAMPLE } from '../scenario/example.ts'

function explained(yaml: string) {
  const scenario = scenarioOf(yaml)
  const plan = compilePlan(scenario)
  return { scenario, plan, prediction: predict(scenario, plan) }
}

const SMALL = `
name: small
upstreams: { cart: { replicas: 3, workers: 2, latency: 20ms }, stock: {} }
envoy:
  clusters: { cart: { circuit_breakers: { max_retries: 20 } } }
  routes:
    - { match: { prefix: /stock }, cluster: stock, timeout: 0s }
    - { match: { prefix: / }, cluster: cart, timeout: 600ms, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms } }
load: { rate: 50/s, deadline: 1s, requests: [{ GET: /cart, weight: 3 }, { name: stock, GET: /stock }] }
phases:
  - { name: calm, for: 4s }
  - { name: storm, for: 4s, faults: [{ cluster: cart, replica: 3, delay: 400ms, percent: 30 }, { cluster: stock, abort: 503, percent: 10, at: ingress }] }
`

test('containers are told by what they are made of', () => {
  const text = renderExplained(
    explained(`
upstreams:
  cart: {}
  db: { image: "\${DB:-db:1}", port: 5432, replicas: 2, command: [serve, --fast], env: { DB_PASSWORD: hush-hush } }
  search: { build: { context: ./search, dockerfile: Test.Dockerfile }, port: 80 }
app: { build: ., port: 8080 }
load: { rate: 50/s }
phases: [{ name: down, for: 4s, faults: [{ cluster: db, replica: 2, abort: 503 }] }]
`),
    { color: false, width: 100 },
  )
  expect(text).toContain('└─ app: container built from .\n')
  expect(text).toContain('└─ hop 1 → stub cart/1 (200 after 1ms)')
  expect(text).toContain(`├─ hop 1 → db/1, container of \${DB:-db:1}: serve --fast (port 5432)`)
  expect(text).toContain('└─ down: abort 503 on db/2, 100%')
  expect(text).toContain('└─ hop 1 → search/1, container built from ./search by Test.Dockerfile (port 80)')
  expect(text).not.toContain('hush-hush')
})

test('for people', () =>
  expect(renderExplained(explained(SMALL), { color: false, width: 100 })).toMatchInlineSnapshot(`
    "small

    TOPOLOGY
    load 50/s: GET /cart (75%), stock: GET /stock (25%)
    └─ Envoy, shared port
       ├─ route-1 prefix /stock → cluster stock (no timeout, no retries)
       └─ route-2 prefix / → cluster cart (timeout 600ms, each try 250ms, 3 tries on 5xx)
    cluster cart (max_retries 20)
    ├─ hops 1–2 → stubs cart/1–2 (200 after 20ms, 2 workers)
    └─ hop 3 → stub cart/3 (200 after 20ms, 2 workers)
       └─ storm: delay 400ms on cart/3, 30%
    cluster stock
    ├─ before the router
    │  └─ storm: abort 503 on stock, 10%
    └─ hop 1 → stub stock/1 (200 after 1ms)

    ROUTE-1  prefix /stock → stock
      what ends it after a time: whether it sees a delay at: upstream, one at: ingress, and the response
      limit                          at: upstream  at: ingress  response     covers
      connect_timeout  5s (default)  –             –            –            opening a TCP connection
      idle_timeout     5m (default)  sees it       sees it      looks at it  each silence of request and
                                                                             response
      load.deadline    1s            sees it       sees it      looks at it  due time to whole response
      no limit: per_try_timeout, per_try_idle_timeout, timeout, max_stream_duration, request_timeout

      the upstream never answers
        +0ms  try 1 is sent
        +1s   load.deadline: what comes later is no success
        +6s   the client hangs up

      no connection comes about
        +0ms  try 1 opens a connection
        +1s   load.deadline: what comes later is no success
        +5s   connect_timeout cuts try 1, no try is left: 503

      it is held before the router (a delay at: ingress)
        +0ms  a filter before the router holds the request: no try begins
        +1s   load.deadline: what comes later is no success
        +6s   the client hangs up

    ROUTE-2  prefix / → cart
      what ends it after a time: whether it sees a delay at: upstream, one at: ingress, and the response
      limit                          at: upstream  at: ingress  response     covers
      connect_timeout  5s (default)  –             –            –            opening a TCP connection
      per_try_timeout  250ms         sees it       –            looks at it  each try, from its
                                                                             connection on
      timeout          600ms         sees it       –            looks at it  whole request to whole
                                                                             response, with all tries
                                                                             and back-offs
      idle_timeout     5m (default)  sees it       sees it      looks at it  each silence of request and
                                                                             response
      load.deadline    1s            sees it       sees it      looks at it  due time to whole response
      no limit: per_try_idle_timeout, max_stream_duration, request_timeout

      the upstream never answers
        +0ms             try 1 is sent
        +250ms           per_try_timeout cuts try 1; back-off of 0 to 25ms
        +250ms to 275ms  try 2 is sent
        +500ms to 525ms  per_try_timeout cuts try 2; back-off of 0 to 50ms
        +500ms to 575ms  try 3 is sent
        +600ms           timeout ends it: 504

      no connection comes about
        +0ms    try 1 opens a connection
        +600ms  timeout ends it: 504

      it is held before the router (a delay at: ingress)
        +0ms  a filter before the router holds the request: no try begins
        +1s   load.deadline: what comes later is no success
        +6s   the client hangs up

    BY ARITHMETIC  success  attempts  slowest
      calm         100%     1         ≤ 20ms
      storm        97.42%   1.085     ≤ 600ms

      calm · GET /cart: 100% succeed, callers see 200 100%; 1 attempt; at most 20ms
      calm · stock: 100% succeed, callers see 200 100%; 1 attempt; at most 1ms
      calm · cluster cart: 37.5 attempts/s, 0.8 in flight, workers 13% busy
      calm · cluster stock: 12.5 attempts/s, 0 in flight
      storm · GET /cart: 99.9% succeed, callers see 200 99.9%, 504 0.1%; 1.11 attempts;
        at most 600ms (timeout)
      storm · stock: 90% succeed, callers see 200 90%, 503 10%; 1 attempt; at most 1ms
      storm · cluster cart: 41.6 attempts/s, 1.8 in flight, 0.2 retries at once (back-offs included),
        workers 12% busy
      storm · cluster stock: 11.3 attempts/s, 0 in flight
      assumed: each try draws its faults anew and goes to any replica by its weight;
        the stubs take what the scenario says; the machine adds at most 5 ms to a try;
        phases do not reach into each other

    ENVOY
      routes:
        - { name: route-1, match: { prefix: /stock }, route: { cluster: stock, timeout: 0s } }
        - name: route-2
          match: { prefix: / }
          route:
            cluster: cart
            timeout: 0.6s
            retry_policy: { retry_on: 5xx, num_retries: 2, per_try_timeout: 0.25s }
      clusters:
        - name: cart
          type: STATIC
          circuit_breakers: { thresholds: [ { priority: DEFAULT, max_retries: 20, track_remaining: true…
          common_lb_config: { update_merge_window: 0s }
        - name: stock
          type: STATIC
          circuit_breakers: { thresholds: [ { priority: DEFAULT, track_remaining: true } ] }
          common_lb_config: { update_merge_window: 0s }
      the whole configuration, with placeholders for the ports: chaos explain test.yaml --config"
  `))

test.each([40, 80, 200])('no line is wider than %i cells', (width) => {
  for (const yaml of [SMALL, EXAMPLE])
    expect(
      renderExplained(explained(yaml), { color: false, width })
        .split('\n')
        .filter((line) => cells(line) > width),
    ).toEqual([])
})

test('a batch ends by its own limit, not by a deadline of a load that it has not', () => {
  const batch = explained(`
name: batch
upstreams: { up: {} }
app: { run: [node, job.mjs], within: 10s }
phases: [{ name: all }]
`)
  const text = renderExplained(batch, { color: false, width: 100 })
  expect(text).toMatch(/app\.within +10s +sees it +sees it +looks at it +a whole run of the app/)
  expect(text).toContain('+10s  app.within: the run is killed')
  expect(text).not.toMatch(/load\.deadline|the client hangs up/)
})

test('colours only where they are wanted', () => {
  expect(renderExplained(explained(SMALL), { color: false, width: 80 })).not.toContain('\u001b')
  expect(renderExplained(explained(SMALL), { color: true, width: 80 })).toContain('\u001b')
})

test('for machines: the same, with null where there is no limit or no prediction', () => {
  const json = explainedJson(explained(EXAMPLE)) as {
    routes: { limits: { name: string; ms: number | null }[] }[]
    phases: { requests: object[] }[]
  }
  expect(json.routes[0]?.limits).toContainEqual(expect.objectContaining({ name: 'per_try_timeout', ms: 300, default: false }))
  expect(json.routes[0]?.limits).toContainEqual(expect.objectContaining({ name: 'max_stream_duration', ms: null }))
  expect(json.phases[1]?.requests[0]).toMatchObject({
    success_rate: { high: expect.closeTo(0.999, 6) },
    slowest: { ms: 975, by: 'per_try_timeout' },
  })
})

test('a secret that a condition names is kept out of all of it', () => {
  const all = explained(`
upstreams: { up: {} }
load: { rate: 10/s, requests: [{ GET: /, headers: { authorization: Bearer s3cr3t-t0ken } }] }
phases: [{ name: all, for: 1s, faults: [{ cluster: up, abort: 503, when: { header: { authorization: Bearer s3cr3t-t0ken } } }] }]
`)
  const shown = [renderExplained(all, { color: false, width: 100 }), explainedConfig(all), JSON.stringify(explainedJson(all))]
  for (const text of shown) expect(text).not.toContain('s3cr3t')
  expect(explainedConfig(all)).toContain('***')
})
