import { expect, test } from 'vitest'
import { judge } from '../../src/verdict/judge.ts'
import { type Ran, runScenario } from '../helpers/scenario.ts'

/** Each claim with its outcome, and why where it is open; what a busy machine leaves open is of no matter here. */
const outcomes = ({ scenario, plan, observations }: Ran) =>
  judge(scenario, plan, observations).outcomes.map(({ metric, asked, status, why }) => {
    const open = status === 'inconclusive' && !why?.includes('was starved')
    return `${open ? `open: ${why}` : status === 'inconclusive' ? 'pass' : status} ${metric} ${asked}`
  })

test('each phase runs the app so many times, under its own faults, and its calls are told by time', async () => {
  const ran = await runScenario(`
upstreams: { inventory: {} }
app: { run: [node, test/fixtures/apps/job.mjs], times: 6 }
phases: [{ name: calm }, { name: down, faults: [{ cluster: inventory, abort: 503 }] }]
expect:
  - { phase: calm, exit_code: 0, output: { equals: "all three came\\n" }, attempts: 3, success_rate: "= 100%", max: "<= 20s" }
  - { phase: down, exit_code: 1, output: { contains: missed 3 of 3 }, attempts: 3 }
`)
  expect(ran.records.map(({ phase, status }) => [phase, status])).toEqual([...Array(6).fill([0, 200]), ...Array(6).fill([1, 500])])
  for (const { calls, joined } of ran.records) expect({ joined, calls: calls.length }).toEqual({ joined: true, calls: 3 })
  expect(ran.observations).toMatchObject({ unsound: [], foreignCalls: 0, faults: [{ doubt: null, met: 18 }] })
  expect(outcomes(ran).filter((outcome) => !outcome.startsWith('pass'))).toEqual([])
})

test('several at once are told by the id that the run finds in its environment', async () => {
  const ran = await runScenario(`
upstreams: { inventory: { latency: 20ms } }
app: { run: [node, test/fixtures/apps/job.mjs, --forward, --patient], times: 12, parallel: 4 }
phases: [{ name: flaky, faults: [{ cluster: inventory, abort: 503, percent: 15 }] }]
expect: [{ attempts: ">= 3" }, { exit_code: { 0: ">= 50%" } }]
`)
  expect(ran.records).toHaveLength(12)
  for (const { calls, joined } of ran.records) {
    expect(joined).toBe(true)
    expect(calls.length).toBeGreaterThanOrEqual(3)
  }
  expect(outcomes(ran)).toEqual(['pass attempts >= 3', 'pass exit_code.0 >= 50%'])
})

test('and not where it does not hand that on', async () => {
  const ran = await runScenario(`
upstreams: { inventory: { latency: 20ms } }
app: { run: [node, test/fixtures/apps/job.mjs], times: 8, parallel: 4 }
phases: [{ name: all }]
expect: [{ attempts: 3 }, { exit_code: 0 }]
`)
  expect(outcomes(ran)).toEqual([expect.stringMatching(/^open: .*CHAOS_REQUEST_ID.* attempts 3$/), 'pass exit_code 0'])
})

test('a run that takes too long is killed, and no success', async () => {
  const ran = await runScenario(`
upstreams: { inventory: {} }
app: { run: [node, test/fixtures/apps/job.mjs, --slow, 60000], times: 2, within: 2s }
phases: [{ name: all }]
expect: [{ exit_code: 137 }, { success_rate: "<= 50%" }]
`)
  for (const { status, success, end, sent } of ran.records) {
    expect({ status, success }).toEqual({ status: 504, success: false })
    expect((end as number) - sent).toBeGreaterThan(1990)
  }
})

test('a program that there is not ends with 127', async () => {
  const ran = await runScenario(`
upstreams: { inventory: {} }
app: { run: [no-such-program-here] }
phases: [{ name: all }]
expect: [{ exit_code: 127 }]
`)
  expect(ran.records.map(({ headers }) => (headers && 'fields' in headers ? headers.fields['x-chaos-exit-code'] : null))).toEqual(['127'])
})

test('what a run leaves behind in a session of its own holds up neither its end nor its output', async () => {
  const leave = `require('child_process').spawn('sleep', ['6'], { detached: true, stdio: 'inherit' }).unref(); console.log('left'); process.exitCode = 3`
  const ran = await runScenario(`
upstreams: { inventory: {} }
app: { run: [node, -e, ${JSON.stringify(leave)}], within: 20s }
phases: [{ name: all }]
expect: [{ exit_code: 3 }]
`)
  expect(ran.records).toMatchObject([{ status: 500, body: { text: 'left\n' } }])
  for (const { end, sent } of ran.records) expect((end as number) - sent).toBeLessThan(5000)
})
