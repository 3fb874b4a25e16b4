import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { chaos, loadRuns, newFolder, readRequests, readResults, STACK_TRACE, start, writeScenario, writeScript } from '../helpers/run.ts'

/** Whether the claims could be judged is up to the machine, which the three share. */
const PASS_OR_INCONCLUSIVE = [0, 4]

test('three runs at once in one folder get results, ports and a verdict each', async () => {
  const folder = newFolder()
  const scenario = writeScenario(folder, { seconds: 1.5 })
  const three = await Promise.all([1, 2, 3].map(() => chaos(['run', scenario], { cwd: folder })))
  for (const { code, stderr } of three) {
    expect(PASS_OR_INCONCLUSIVE).toContain(code)
    expect(stderr).not.toMatch(STACK_TRACE)
  }
  const results = readdirSync(join(folder, 'chaos-results')).map((name) => join(folder, 'chaos-results', name))
  expect(results).toHaveLength(3)
  for (const out of results) {
    expect(readResults(out)).toMatchObject({ ended: null, verdict: { failed: 0 } })
    const requests = readRequests(out)
    expect(requests.map((request) => request.id)).toEqual(Array.from({ length: 150 }, (_, i) => `r-${i + 1}`))
    // Nobody else's requests came in between: each was served once, by its own stubs.
    expect(
      requests.every(
        (request) => request.status === 200 && request.calls[0].attempts.length === 1 && request.calls[0].attempts[0].stub !== null,
      ),
    ).toBe(true)
    const journal = readFileSync(join(out, 'logs', 'stub.ndjson'), 'utf8')
      .trimEnd()
      .split('\n')
    expect(journal).toHaveLength(150)
  }
})

test('two runs at once into the same --out: neither gives a wrong verdict', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  // What one of them shows of a failure, the other must not make a pass of.
  const good = writeScenario(folder, { name: 'good', seconds: 1.5 })
  const bad = writeScenario(folder, { name: 'bad', seconds: 1.5, faults: ['{ cluster: shop, abort: 503 }'] })
  const started = [good, bad].map((scenario) => start(['run', scenario, '--out', out]))
  const [first, second] = await Promise.all(started.map((one) => one.finished))
  for (const finished of [first, second]) expect(finished?.stderr).not.toMatch(STACK_TRACE)
  expect(first?.code).not.toBe(1)
  expect(second?.code).not.toBe(0)
  for (const one of started) expect(one.alive()).toEqual([])
})

test('a run whose --out another run takes over in the middle ends with 3, and does not touch the results of the other', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const robbed = start(['run', writeScenario(folder, { name: 'robbed', seconds: 4 }), '--out', out])
  await loadRuns(robbed)
  const other = start(['run', writeScenario(folder, { name: 'other' }), '--out', out])
  const { code, stdout } = await robbed.finished
  expect(code).toBe(3)
  expect(stdout).toContain('was cleared during the run')
  // Lines that the first one's Envoy still held back may have got into its logs.
  expect(PASS_OR_INCONCLUSIVE).toContain((await other.finished).code)
  expect(readResults(out).scenario.name).toBe('other')
})

test('a folder that is gone while Envoy starts is told as that, and not as a bug', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  // As another run that takes the folder, at the instant at which this one is about to read why its Envoy ended.
  const envoy = writeScript(folder, ['#!/bin/sh', 'case " $* " in *" -c "*) rm -r "$OUT"; exit 1;; esac', 'exec "$REAL_ENVOY" "$@"'])
  const env = { CHAOS_ENVOY: envoy, REAL_ENVOY: inject('envoy'), OUT: out }
  const { code, stdout, stderr } = await chaos(['run', writeScenario(folder), '--out', out], { env })
  expect(stderr).not.toMatch(STACK_TRACE)
  expect(stdout).toContain('was cleared during the run')
  expect(code).toBe(3)
})
