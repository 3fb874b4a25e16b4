import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { chaos, judged, loadRuns, newFolder, readResults, STACK_TRACE, start, until, writeScenario } from '../helpers/run.ts'

const CLAIMS = [
  '{ phase: only, success_rate: ">= 90%" }',
  '{ phase: only, attempts_per_request: "<= 1" }',
  '{ phase: only, p50: "<= 1ms" }',
]
const FAULTS = ['{ cluster: shop, delay: 50ms, percent: 50 }']

let folder: string
/** A run that fails, since its last claim cannot hold. */
let ran: string
beforeAll(async () => {
  folder = newFolder()
  ran = join(folder, 'ran')
  const { code } = await judged(['run', writeScenario(folder, { name: 'ran', faults: FAULTS, expect: CLAIMS }), '--out', ran, '-q'])
  expect(code).toBe(1)
})

const filesOf = (run: string) =>
  Object.fromEntries(
    readdirSync(run, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')]),
  )

/** The run, with something done to it. */
function spoilt(spoil: (run: string) => void): string {
  const run = join(newFolder(), 'run')
  cpSync(ran, run, { recursive: true })
  spoil(run)
  return run
}

describe('a run is judged again from its evidence', () => {
  test('with the same verdict and exit code; nothing is started or written', async () => {
    const before = filesOf(ran)
    // There is no Envoy that it could start.
    const { code, stdout, stderr } = await chaos(['report', ran], { env: { CHAOS_ENVOY: '/nowhere' } })
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout.split('\n').at(-2)).toBe(before['summary.txt']?.split('\n').at(-2))
    expect(filesOf(ran)).toEqual(before)
  })

  test('into a folder of its own, with the same reports', async () => {
    const out = join(newFolder(), 'again')
    for (const _ of ['first', 'over the first']) expect(await chaos(['report', ran, '--out', out])).toMatchObject({ code: 1 })
    const { id: __, ...again } = readResults(out)
    const { id: ___, ...first } = readResults(ran)
    expect(again).toEqual(first)
    expect(readFileSync(join(out, 'requests.ndjson'), 'utf8')).toBe(filesOf(ran)['requests.ndjson'])
    expect(readdirSync(out).sort()).toEqual([
      'junit.xml',
      'metrics.txt',
      'report.html',
      'requests.ndjson',
      'results.json',
      'summary.md',
      'summary.txt',
    ])
  })

  test('into its own folder, when that is asked', async () => {
    const run = spoilt((run) => rmSync(join(run, 'results.json')))
    expect(await chaos(['report', run, '--write'])).toMatchObject({ code: 1 })
    expect(readResults(run).outcomes).toEqual(readResults(ran).outcomes)
  })

  test('by other expectations', async () => {
    const other = writeScenario(folder, { name: 'other', faults: FAULTS, expect: ['{ phase: only, p50: "<= 10s" }'] })
    const { code, stdout } = await chaos(['report', ran, '--scenario', other])
    expect(code).toBe(0)
    expect(stdout).toContain('PASS other: 1 passed')
  })

  test('but not as another experiment', async () => {
    const other = writeScenario(folder, { name: 'other', latency: '6ms', faults: FAULTS, expect: CLAIMS })
    const { code, stdout, stderr } = await chaos(['report', ran, '--scenario', other])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`${other}:3:33: upstreams.shop.latency: the run had "5ms" here`)
  })

  test('not by claims that its load could never decide', async () => {
    const other = writeScenario(folder, { name: 'other', faults: FAULTS, expect: ['{ phase: only, success_rate: ">= 99.9%" }'] })
    expect(await chaos(['report', ran, '--scenario', other])).toMatchObject({ code: 2, stderr: expect.stringContaining('clean requests') })
  })

  test('--out with files of somebody else is refused, and they stay', async () => {
    const out = newFolder()
    writeFileSync(join(out, 'thesis.txt'), 'mine')
    expect(await chaos(['report', ran, '--out', out])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('thesis.txt') })
    expect(readdirSync(out)).toEqual(['thesis.txt'])
  })
})

describe('a verdict rests on whole evidence only', () => {
  const edit = (name: string, change: (text: string) => string) => (run: string) =>
    writeFileSync(join(run, name), change(readFileSync(join(run, name), 'utf8')))

  test.each([
    ['a folder that is none', (run: string) => rmSync(run, { recursive: true }), 2, 'is not the folder of a run'],
    ['the results of something else', (run: string) => rmSync(join(run, 'evidence.json')), 2, 'is not the folder of a run'],
    ['another format', edit('evidence.json', (text) => text.replace('"format": 1', '"format": 99')), 2, 'has the format 99'],
    ['a cut evidence.json', (run: string) => truncateSync(join(run, 'evidence.json'), 1000), 3, 'evidence.json: it is not whole'],
    ['a changed evidence.json', edit('evidence.json', (text) => text.replace('<= 1ms', '<= 9ms')), 3, 'evidence.json: it was changed'],
    ['a cut log', (run: string) => truncateSync(join(run, 'logs/egress.ndjson'), 5000), 3, 'egress.ndjson: it has 5000 bytes of'],
    [
      'a changed log',
      edit('logs/client.ndjson', (text) => text.replace('"status":200', '"status":500')),
      3,
      'client.ndjson: it was changed',
    ],
    ['a missing log', (run: string) => rmSync(join(run, 'logs/phases.ndjson')), 3, 'phases.ndjson: it is gone'],
  ])('%s', async (_, spoil, code, message) => {
    const run = spoilt(spoil)
    const finished = await chaos(['report', run, '--write'])
    expect(finished).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
    expect(finished.stderr).not.toMatch(STACK_TRACE)
  })
})

test('a run that was killed shows what was stored until then, and says that it was cut short: exit 3', async () => {
  const out = join(folder, 'killed')
  const started = start(['run', writeScenario(folder, { name: 'killed', seconds: 20 }), '--out', out])
  await loadRuns(started)
  const stored = () =>
    existsSync(join(out, 'logs/client.ndjson')) ? readFileSync(join(out, 'logs/client.ndjson'), 'utf8').split('\n') : []
  await until('some requests are stored', () => stored().length > 50)
  started.process.kill('SIGKILL')
  await started.finished
  const { code, stdout } = await chaos(['report', out])
  expect(code).toBe(3)
  expect(stdout).toContain('the run was cut short')
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ERROR killed/)
  expect(Number(/load +([\d,]+) requests/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(stored().length - 10)
})

describe('chaos explain RUN', () => {
  test('tells what each missed claim is about, and every course that requests took', async () => {
    const { code, stdout, stderr } = await chaos(['explain', ran])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('✗ only · p50')
    const courses = [...stdout.matchAll(/^ +(\d+) +[\d.]+% +200 \(a success\); 1 try(; met delay 50ms)?/gm)]
    // With and without the fault, 100 requests together.
    expect(courses.map((course) => course[2] !== undefined).sort()).toEqual([false, true])
    expect(courses.reduce((sum, course) => sum + Number(course[1]), 0)).toBe(100)
    const { courses: listed } = JSON.parse((await chaos(['explain', ran, '--json'])).stdout)
    expect(listed.map(({ count }: { count: number }) => count).sort()).toEqual(courses.map((course) => Number(course[1])).sort())
  })

  test.each([['r-7'], ['7']])('tells the story of %s', async (id) => {
    const { code, stdout } = await chaos(['explain', join(ran, 'results.json'), id])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +r-7 GET \/, due at 0\.060 s: 200 after .*\n[\s\S]*try 1 → shop\//)
    expect(JSON.parse((await chaos(['explain', ran, id, '--json'])).stdout).record.id).toBe('r-7')
  })

  test.each([
    ['r-101', 'the nearest is r-100'],
    ['r-0', 'the nearest is r-1'],
    ['nonsense', 'names those that are worth a look'],
  ])('names the nearest of %s', async (id, hint) => {
    const { code, stdout, stderr } = await chaos(['explain', ran, id])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(hint)
  })
})
