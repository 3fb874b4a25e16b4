import { expect, test } from 'vitest'
import { pageDataOf } from '../../../src/page/page-data-of.ts'
import { DATA_PLACE, renderPage } from '../../../src/page/render-page.ts'
import { toResults } from '../../../src/report/results.ts'
import { exhausted, failed, interrupted, late, neverStarted, plan, records, refused, run, scenario } from '../report/sample-run.ts'

const dataOf = (finished: ReturnType<typeof run>) => pageDataOf(finished, toResults(finished))
const sum = (row: readonly number[]) => row.reduce((total, each) => total + each, 0)

test('each request is offered once, and is either served or has one cause of failure', () => {
  const { traffic } = dataOf(failed())
  expect(sum(traffic.offered)).toBe(records.length)
  const successes = records.filter(({ success }) => success).length
  expect(sum(traffic.served)).toBe(successes)
  const failures = traffic.failures.map(({ count }) => count)
  expect(sum(failures)).toBe(records.length - successes)
  expect(traffic.failures.map(({ at }) => sum(at))).toEqual(failures)
})

test('every attempt is a first try or a retry, when it began', () => {
  const { traffic } = dataOf(failed())
  const attempts = records.flatMap(({ calls }) => calls.flatMap((call) => call.attempts))
  expect(sum(traffic.attempts)).toBe(attempts.length)
  expect(sum(traffic.firstTries)).toBe(attempts.filter(({ n }) => n === 1).length)
  expect(sum(traffic.retries)).toBe(attempts.filter(({ n }) => n > 1).length)
})

test('a level that refused stands at its limit then, with what it refused', () => {
  const finished = failed({ scenario: scenario({ envoy: { clusters: { inventory: { circuit_breakers: { max_requests: 5 } } } } }) })
  const { clusters, axis } = dataOf(finished)
  const egress = refused.calls[0]?.egress
  const by = egress?.rejectedBy === 'max_requests' ? 'inFlight' : 'pending'
  const level = clusters[0]?.levels.find(({ of }) => of === by)
  const at = Math.floor(((egress?.start ?? 0) + (egress?.durationMs ?? 0)) / axis.step)
  expect(level?.refused[at]).toBe(1)
  expect(level?.peak[at]).toBe(level?.limits[0]?.value)
})

test('a claim has its place, its time and its witnesses, which are told in full', () => {
  const { claims, samples } = dataOf(failed())
  const claim = claims.find(({ status, phase }) => status === 'fail' && phase === 'brownout')
  const { from, to } = plan.phases[1] as { from: number; to: number }
  expect(claim).toMatchObject({ from, to, line: expect.any(Number) })
  expect(samples.map(({ id }) => id)).toEqual(expect.arrayContaining([...(claim?.examples ?? [])]))
  expect(samples.map(({ id }) => id)).toEqual(expect.arrayContaining([exhausted.id, refused.id, late.id]))
})

test('the waterfall of a request has its client, Envoy and each try, counted from when it was due', () => {
  const sample = dataOf(failed()).samples.find(({ id }) => id === exhausted.id)
  const tries = exhausted.calls[0]?.attempts ?? []
  expect(sample?.bars.map(({ depth }) => depth)).toEqual([0, 1, ...tries.map(() => 2)])
  expect(sample?.bars.slice(2).map(({ parts }) => parts[0]?.from)).toEqual(
    tries.map(({ start }) => Number((start - exhausted.due).toFixed(1))),
  )
})

test('a moment of change is the first time that a limit acted in a phase, and says in which', () => {
  const { moments } = dataOf(failed())
  // Request 112 is the first of the brownout: its first try is cut 300 ms after 11.201 s. Request 131 is refused when its 326 ms are over.
  expect(moments).toContainEqual({ at: 11_501, what: expect.stringMatching(/per_try_timeout cuts a try of brownout$/) })
  expect(moments).toContainEqual({ at: 13_439, what: 'max_pending_requests of inventory refuses a request of brownout' })
  expect(moments.map(({ at }) => at)).toEqual(moments.map(({ at }) => at).toSorted((a, b) => a - b))
})

test('retries that a budget limits have its percentage in place of a number', () => {
  const circuit_breakers = { retry_budget: { budget_percent: { value: 40 } } }
  const finished = failed({
    scenario: scenario({ envoy: { clusters: { inventory: { circuit_breakers } } } }),
    plan: { ...plan, policy: { ...plan.policy, budgetedClusters: ['inventory'] } },
  })
  const retrying = dataOf(finished).clusters[0]?.levels.find(({ of }) => of === 'retrying')
  expect(retrying).toMatchObject({ limits: [], budget: 'budget_percent: 40' })
})

test('a run that never began, and one that was interrupted, have a page too', () => {
  expect(dataOf(neverStarted())).toMatchObject({ status: 'error', axis: { count: 0 }, ended: expect.any(String), samples: [] })
  expect(dataOf(interrupted())).toMatchObject({ status: 'interrupted', ended: expect.stringContaining('interrupted by') })
})

test('no secret of the scenario comes to the page', () => {
  const secret = 's3cr3t-t0ken'
  const told = failed({ warnings: [`called with ${secret}`], command: ['chaos', secret] })
  expect(JSON.stringify(told)).toContain(secret)
  expect(JSON.stringify(dataOf(told))).not.toContain(secret)
})

test('no text of a run ends the element of its data', () => {
  const data = { ...dataOf(run()), name: '</script><script>alert(1)</script><!-- $& $1' }
  const page = renderPage(`<script>${DATA_PLACE}</script>`, data).join('')
  const inside = page.slice('<script>'.length, -'</script>'.length)
  expect(inside).not.toContain('<')
  expect(JSON.parse(inside)).toEqual(data)
})

test('what happened is told in its sentences', () => {
  const sentence = { phase: 'brownout', fromMs: 0, toMs: 1, text: 'max_retries of inventory suppressed 12 retries', setting: 'max_retries' }
  expect(dataOf(run({ happened: [sentence] })).happened).toEqual([sentence.text])
})
