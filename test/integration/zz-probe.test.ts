import { test } from 'vitest'
import { runScenario, to } from '../helpers/scenario.ts'

const log = (...a: unknown[]) =>
  process.stderr.write(a.map((x) => (typeof x === 'string' ? x : JSON.stringify(x, null, 0))).join(' ') + '\n')
test('probe', { timeout: 60000 }, async () => {
  const ran = await runScenario(`
upstreams: { a: { latency: 100ms }, b: { latency: 100ms }, c: { latency: 5ms }, d: {latency: 5ms}, e: {latency: 20ms}, e2: {latency: 20ms} }
envoy:
  clusters: { a: { circuit_breakers: { max_requests: 3 } } , b: {circuit_breakers: {max_connections: 2, max_pending_requests: 2}}, c: {circuit_breakers: {max_requests: 2, max_retries: 50}}, d: {circuit_breakers: {max_connections: 2, max_pending_requests: 1, max_retries: 50}}, e: {circuit_breakers: {max_connection_pools: 1}}, e2: {circuit_breakers: {max_connection_pools: 0}}}
  routes:
    - { match: { prefix: /a }, cluster: a}
    - { match: { prefix: /b }, cluster: b}
    - { match: { prefix: /c }, cluster: c, retry_policy: {retry_on: [5xx], num_retries: 3, retry_back_off: {base_interval: 30ms}}}
    - { match: { prefix: /d }, cluster: d, retry_policy: {retry_on: [5xx], num_retries: 3, retry_back_off: {base_interval: 30ms}}}
    - { match: { path: /e }, cluster: e}
    - { match: { path: /e2 }, cluster: e2}
load: { rate: 500/s, requests: [ {GET: /a}, {GET: /b}, {GET: /c}, {GET: /c, headers: {x-slow: y}}, {GET: /d},{GET: /d, headers: {x-slow: y}}, {GET: /e}, {GET: /e2}] }
phases: [ { name: one, for: 1s, faults: [ {cluster: c, abort: 503, percent: 50}, {cluster: d, abort: 503, percent: 50}, {cluster: c, delay: 60ms, when: {header: {x-slow: y}}}, {cluster: d, delay: 60ms, when: {header: {x-slow: y}}}] } ]
`)
  const groups = new Map<string, number>()
  const ex = new Map<string, string>()
  const lines = ran.logs.attempts
    .split('\n')
    .filter(Boolean)
    .map((l) => JSON.parse(l))
  for (const r of ran.records) {
    const mine = lines.filter((l) => l.id === r.id).sort((a, b) => a.n - b.n)
    const last = mine.at(-1)
    const key = [
      ran.plan.requests[r.request]!.path,
      r.status,
      r.egress!.flags.join('+'),
      r.egress!.details,
      'rej=' + r.egress!.rejectedBy,
      'attempts',
      r.attempts.length,
      'lines',
      mine.length,
      'last',
      last?.status,
      last?.flags,
      last?.host === null ? 'nohost' : 'host',
      last?.failure,
    ].join(' ')
    groups.set(key, (groups.get(key) ?? 0) + 1)
    if (!ex.has(key)) ex.set(key, JSON.stringify(mine))
  }
  for (const [k, v] of [...groups].sort()) {
    log(v, k)
    if (/overflow/.test(k) && /attempts [2-9]/.test(k)) log('      ', ex.get(k)!)
  }
  log(ran.observations.unsound, ran.observations.faults)
  log(
    Object.entries(ran.conducted.last)
      .filter(([k, v]) => v > 0 && /cluster\.[a-e]2?\..*(rq_total|overflow|pool|retry$)/.test(k))
      .map(([k, v]) => `${k}=${v}`)
      .join('\n'),
  )
})
