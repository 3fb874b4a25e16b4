import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { isEnvoy, isStub, judged, loadRuns, newFolder, type Running, readResults, start, writeScenario } from '../helpers/run.ts'

/** So long the harness gets no CPU: a quarter of its phase, of which 1 % may be late. */
const STOPPED_MS = 500

/** A phase of 2 s whose claim holds in any run that says anything. */
const SCENARIOS = {
  'open loop': { seconds: 2, rate: 50 },
  // Its 20 requests a second leave gaps of 50 ms, in which nothing is sent that could be late.
  'open loop of few requests': { seconds: 2, rate: 20, latency: '1ms' },
  'closed loop': { seconds: 2, rate: null, load: ['connections: 5', 'think: 20ms'] },
  'closed loop without a pause': { seconds: 2, rate: null, load: ['connections: 2'] },
}

test.each(Object.entries(SCENARIOS))('a harness without CPU gives no verdict: %s', { timeout: 30_000 }, async (_, scenario) => {
  const folder = newFolder()
  const chaos = start(['run', writeScenario(folder, scenario), '--out', `${folder}/out`])
  await loadRuns(chaos)
  await sleep(300)
  process.kill(chaos.pid, 'SIGSTOP')
  await sleep(STOPPED_MS)
  process.kill(chaos.pid, 'SIGCONT')
  const { code } = await chaos.finished
  const { verdict, outcomes, phases } = readResults(`${folder}/out`)
  expect([code, verdict.status]).toEqual([4, 'inconclusive'])
  expect(outcomes[0].why).toContain('the load generator was starved')
  expect(phases[0].lateness.max_ms).toBeGreaterThan(STOPPED_MS * 0.9)
})

/** Of 200 requests a second 14 come in that time, beside the 2 in flight: more than the limit lets in at once. */
const STOPS_MS = 70

const LIMITED = `
name: none is refused
upstreams: { shop: { latency: 10ms } }
envoy: { clusters: { shop: { circuit_breakers: { max_requests: 10 } } } }
load: { rate: 200/s }
phases: [{ name: all, for: 2s }]
expect: [{ name: none is refused, breaker_rejections: 0 }]
`

test.each([
  ['Envoy', isEnvoy],
  ['the stub', isStub],
])('what is refused because %s stood still for a moment fails no claim', { timeout: 30_000 }, async (_, which) => {
  const folder = newFolder()
  writeFileSync(join(folder, 'limited.yaml'), LIMITED)
  const chaos = start(['run', join(folder, 'limited.yaml'), '--out', join(folder, 'out')])
  await loadRuns(chaos)
  await sleep(300)
  const { pid } = chaos.alive().find(which) as Running
  process.kill(pid, 'SIGSTOP')
  await sleep(STOPS_MS)
  process.kill(pid, 'SIGCONT')
  const { code } = await chaos.finished
  const { outcomes } = readResults(`${folder}/out`)
  expect(outcomes[0].value).toBeGreaterThan(0)
  // where the machine held it up besides, it is too much of the phase
  expect(outcomes[0].why).toMatch(/stood still for a moment|starved in phase/)
  expect(code).toBe(4)
})

test('one with CPU does', { timeout: 60_000 }, async () => {
  const folder = newFolder()
  const { code } = await judged(['run', writeScenario(folder, SCENARIOS['closed loop']), '--out', `${folder}/out`, '--quiet'])
  expect(code).toBe(0)
})
