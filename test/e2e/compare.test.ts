import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { chaos, judged, newFolder, writeScenario } from '../helpers/run.ts'

let folder: string
beforeAll(async () => {
  folder = newFolder()
  for (const [name, latency] of [
    ['quick', '5ms'],
    ['slow', '60ms'],
  ] as const) {
    const file = writeScenario(join(folder, name), { latency, rate: 200 })
    expect(await judged(['run', file, '--out', join(folder, name, 'out'), '-q'])).toMatchObject({ code: 0 })
  }
})
const out = (name: string) => join(folder, name, 'out')
const compare = (a: string, b: string, ...flags: string[]) => chaos(['report', '--compare', out(a), out(b), ...flags])

test('a run is no worse than itself', async () => {
  expect(await compare('quick', 'quick', '--fail-on-regression')).toMatchObject({ code: 0, stderr: '' })
})

test('one with a slower upstream is a regression: told, and exit 1 where that is asked for', async () => {
  const { code, stdout } = await compare('quick', 'slow', '--fail-on-regression')
  expect(code).toBe(1)
  expect(stdout).toMatch(/✗ p50 .* a regression/)
  expect(await compare('quick', 'slow')).toMatchObject({ code: 0 })
  const { stdout: json } = await compare('quick', 'slow', '--json')
  expect(JSON.parse(json)).toMatchObject({ status: 'fail' })
})

test('what goes with --compare alone, and any number of runs but two, is refused', async () => {
  for (const args of [
    [out('quick'), '--json'],
    [out('quick'), out('slow')],
    ['--compare', out('quick')],
  ])
    expect(await chaos(['report', ...args])).toMatchObject({ code: 2 })
})
