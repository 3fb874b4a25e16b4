import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import {
  chaos,
  isEnvoy,
  isStub,
  judged,
  newFolder,
  ROOT,
  readRequests,
  readResults,
  STACK_TRACE,
  start,
  writeScenario,
} from '../helpers/run.ts'

const VERSION = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version
const ESCAPE = '\u001b['

/** Fails where something was started, or written, for this folder. */
async function expectRefused(args: readonly string[], cwd: string, stderr: RegExp) {
  const before = readdirSync(cwd, { recursive: true })
  const started = start(args, { cwd })
  const seen: string[] = []
  const look = setInterval(
    () =>
      seen.push(
        ...started
          .alive()
          .filter((one) => isEnvoy(one) || isStub(one))
          .map(({ command }) => command),
      ),
    20,
  )
  const finished = await started.finished
  clearInterval(look)
  expect(finished).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) })
  expect(finished.stderr).not.toMatch(STACK_TRACE)
  expect(seen).toEqual([])
  expect(readdirSync(cwd, { recursive: true })).toEqual(before)
  return finished
}

test('--version prints the version alone', async () => {
  expect(await chaos(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
})

test('without arguments chaos prints the help on stderr and ends with 2', async () => {
  expect(await chaos([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: chaos') })
})

test.each([[['--help']], [['run', '--help']], [['help', 'run']]])('%j teaches the exit codes and shows examples', async (args) => {
  const { code, stdout, stderr } = await chaos(args)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n {2}3 .*\n {2}4 .*\n {2}130 .*129.*143/)
  expect(stdout).toContain('chaos run scenarios/quickstart.yaml')
  expect(existsSync(join(ROOT, 'scenarios/quickstart.yaml'))).toBe(true)
})

test.each([
  [['rnu', 'x.yaml'], 'Did you mean run?'],
  [['validat', 'x.yaml'], 'Did you mean validate?'],
  [['run', 'x.yaml', '--sed', '3'], 'Did you mean --seed?'],
  [['run', 'x.yaml', '--quite'], 'Did you mean --quiet?'],
  [['run', 'x.yaml', '--seed', '-1'], 'expected a whole number'],
  [['run', 'x.yaml', '--seed', '1.5'], 'expected a whole number'],
  [['run', 'x.yaml', '--seed', '4294967296'], 'expected a whole number'],
  [['run', 'x.yaml', '--seed'], 'argument missing'],
  [['run'], "missing required argument 'file'"],
  [['schema', 'scenari'], 'scenario, results'],
  [['--verbos'], "unknown option '--verbos'"],
])('%j is bad usage: exit 2, and what was meant', async (args, hint) => {
  const { code, stdout, stderr } = await chaos(args)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(hint)
  expect(stderr).not.toMatch(STACK_TRACE)
})

/** How much longer a refusal may take than `--version`: reading, checking and explaining. */
const REFUSED_WITHIN_MS = 1000

test('a bad scenario is refused within a second of starting up, with its place', async () => {
  const folder = newFolder()
  writeFileSync(
    writeScenario(folder, { name: 'bad' }),
    readFileSync(writeScenario(folder, { name: 'bad' }), 'utf8').replace('rate:', 'rat:'),
  )
  const times = { version: [] as number[], refused: [] as number[] }
  for (const _ of [1, 2, 3]) {
    const first = performance.now()
    await chaos(['--version'])
    const second = performance.now()
    await expectRefused(['run', 'bad.yaml'], folder, /bad\.yaml:8:3: .*"rat".*did you mean "rate"/s)
    times.version.push(second - first)
    times.refused.push(performance.now() - second)
  }
  expect(Math.min(...times.refused) - Math.min(...times.version)).toBeLessThan(REFUSED_WITHIN_MS)
})

test.each([
  ['that is not there', () => {}, /scenario\.yaml.* does not exist/],
  ['that is empty', (file: string) => writeFileSync(file, ''), /scenario\.yaml/],
  ['that is binary', (file: string) => writeFileSync(file, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0, 1])), /not text in UTF-8/],
  ['that is a folder', (file: string) => mkdirSync(file), /a folder/],
  ['of another kind of YAML', (file: string) => writeFileSync(file, 'apiVersion: v1\nkind: Pod\n'), /scenario\.yaml:1:1/],
])('a file %s is refused', async (_, make, message) => {
  const folder = newFolder()
  make(join(folder, 'scenario.yaml'))
  await expectRefused(['run', 'scenario.yaml'], folder, message)
})

test('of several files of which two are bad none is run, and all problems are told', async () => {
  const folder = newFolder()
  writeScenario(folder, { name: 'good' })
  writeScenario(folder, { name: 'bad', latency: '5' })
  const { stderr } = await expectRefused(['run', 'good.yaml', 'bad.yaml', 'none.yaml'], folder, /2 of 3/)
  expect(stderr).toMatch(/bad\.yaml:3:\d+/)
  expect(stderr).toContain('none.yaml')
})

test('validate says ok for each sound file and all problems of the others', async () => {
  const folder = newFolder()
  writeScenario(folder, { name: 'good' })
  writeScenario(folder, { name: 'fine', seconds: 2 })
  writeScenario(folder, { name: 'bad', latency: '5', load: ['deadlin: 1s'] })
  const all = await chaos(['validate', 'good.yaml', 'bad.yaml', 'fine.yaml'], { cwd: folder })
  expect(all.code).toBe(2)
  expect(all.stdout).toBe('good.yaml: ok, 1 expectation over 100 requests in 1 s\nfine.yaml: ok, 1 expectation over 200 requests in 2 s\n')
  expect(all.stderr).toMatch(/bad\.yaml:3:\d+/)
  expect(all.stderr).toMatch(/bad\.yaml:9:3.*\n.*\n.*\n.*deadline/)
  expect(await chaos(['validate', 'good.yaml', 'fine.yaml'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
})

test('validate warns of what has no effect, and the file is sound all the same', async () => {
  const folder = newFolder()
  writeScenario(folder, { name: 'idle', expect: ['{ phase: only, success_rate: ">= 90%", ejections: 0 }'] })
  const { code, stdout, stderr } = await chaos(['validate', 'idle.yaml'], { cwd: folder })
  expect([code, stdout]).toEqual([0, 'idle.yaml: ok, 1 expectation over 100 requests in 1 s\n'])
  expect(stderr).toMatch(
    /^idle\.yaml:\d+:\d+: warning: expect\[0\]\.ejections: holds whatever happens: .*\n +\d+ \| .*ejections: 0.*\n +\| +\^\n {2}hint: /,
  )
})

test('validate of a folder says that files are meant', async () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'some'))
  expect(await chaos(['validate', 'some'], { cwd: folder })).toMatchObject({ code: 2, stderr: expect.stringContaining('some/*.yaml') })
})

test.each(['scenario', 'results'])('schema %s prints the file of schema/', async (kind) => {
  const { code, stdout, stderr } = await chaos(['schema', kind])
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(join(ROOT, `schema/${kind}.schema.json`), 'utf8')))
})

test('schema alone prints that of scenarios', async () => {
  expect((await chaos(['schema'])).stdout).toBe((await chaos(['schema', 'scenario'])).stdout)
})

test('the summary is on stdout, the progress on stderr, and without a terminal neither has colours', async () => {
  const folder = newFolder()
  const { code, stdout, stderr } = await judged(['run', writeScenario(folder)], { cwd: folder })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^EXPECTATIONS.*PASS small: 1 passed\n$/s)
  expect(stderr).toMatch(/^chaos: small \(seed 1\)\nBY ARITHMETIC .*\n {2}only +100% .*\nphase 1\/1 only: /)
  expect(stderr).toMatch(/phase 1\/1 only: done after/)
  expect(`${stdout}${stderr}`).not.toContain(ESCAPE)
})

test('--quiet prints nothing on stderr', async () => {
  const folder = newFolder()
  const { code, stdout, stderr } = await judged(['run', writeScenario(folder), '--quiet'], { cwd: folder })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('PASS')
})

test.each([
  ['FORCE_COLOR', { FORCE_COLOR: '1' }, [], true],
  ['FORCE_COLOR and NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, [], false],
  ['FORCE_COLOR and --no-color', { FORCE_COLOR: '1' }, ['--no-color'], false],
  ['an empty NO_COLOR and FORCE_COLOR', { FORCE_COLOR: '1', NO_COLOR: '' }, [], true],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, [], false],
])('with %s', async (_, env, args, colours) => {
  const folder = newFolder()
  writeScenario(folder, { name: 'bad', latency: '5' })
  const { code, stderr } = await chaos(['run', join(folder, 'bad.yaml'), ...args], { env })
  expect([code, stderr.includes(ESCAPE)]).toEqual([2, colours])
})

test('the summary follows FORCE_COLOR too, its file stays plain', async () => {
  const folder = newFolder()
  const { stdout } = await chaos(['run', writeScenario(folder), '--out', 'out', '-q'], { cwd: folder, env: { FORCE_COLOR: '1' } })
  expect(stdout).toContain(ESCAPE)
  expect(readFileSync(join(folder, 'out/summary.txt'), 'utf8')).not.toContain(ESCAPE)
})

/** Its last word on stderr is the exit code of chaos, whatever the pipe does. */
function shell(line: string, cwd: string) {
  const env = { ...process.env, CHAOS_ENVOY: inject('envoy') }
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', line, join(ROOT, 'chaos')], { cwd, env, encoding: 'utf8' })
  return { stdout, stderr }
}

test('a reader that closes stdout early neither crashes chaos nor changes its exit code', () => {
  const folder = newFolder()
  const { stdout, stderr } = shell('{ "$0" schema results; echo "exit $?" >&2; } | head -c 1', folder)
  expect([stdout, stderr]).toEqual(['{', 'exit 0\n'])
  // Here nobody reads from the start, and chaos writes much later.
  const scenario = writeScenario(folder, { expect: ['{ phase: only, success_rate: "<= 10%" }'] })
  const run = shell(`{ "$0" run ${scenario} --out out -q; echo "exit $?" >&2; } | true`, folder)
  expect(run.stderr).toMatch(/^exit [14]\n$/)
  expect(readResults(join(folder, 'out')).ended).toBe(null)
})

test('a reader that closes stderr early does not disturb the run', () => {
  const folder = newFolder()
  const line = `{ "$0" run ${writeScenario(folder)} --out out 2>&1 >summary; echo "exit $?" >code; } | true`
  shell(line, folder)
  expect(readFileSync(join(folder, 'code'), 'utf8')).toMatch(/^exit [04]\n$/)
  expect(readFileSync(join(folder, 'summary'), 'utf8')).toMatch(/(PASS|INCONCLUSIVE) small/)
})

test('a stdout that cannot be written is not passed over', () => {
  const { stderr } = shell('"$0" schema >/dev/full; echo "exit $?" >&2', newFolder())
  expect(stderr).toMatch(/ENOSPC.*\nexit 3\n$/)
  expect(stderr).not.toMatch(STACK_TRACE)
})

test('a seed repeats the same requests at the same due times, another one does not', async () => {
  const folder = newFolder()
  const scenario = writeScenario(folder, {
    load: ['arrivals: poisson', 'requests: [{ GET: /a, weight: 2 }, { GET: /b }, { POST: /c, body: x }]'],
  })
  const runs = [['--seed', '5'], ['--seed', '5'], ['--seed', '6'], []]
  const seen = await Promise.all(
    runs.map(async (args, i) => {
      const out = join(folder, `out-${i}`)
      await chaos(['run', scenario, '--out', out, ...args])
      return readRequests(out).map(({ id, due, method, path }) => [id, due, method, path])
    }),
  )
  expect(seen[0]?.length).toBeGreaterThan(50)
  expect(seen[1]).toEqual(seen[0])
  expect(seen[2]).not.toEqual(seen[0])
  expect(seen[3]).not.toEqual(seen[0])
  expect(readResults(join(folder, 'out-2'))).toMatchObject({ seed: 6 })
})

test('load.target beyond this machine is refused, unless --allow-target names it', async () => {
  const folder = newFolder()
  // 192.0.2.0/24 is for documentation: nothing answers there.
  writeScenario(folder, { name: 'far', load: ['target: http://192.0.2.1:9'] })
  await expectRefused(['run', 'far.yaml'], folder, /far\.yaml:9:\d+.*192\.0\.2\.1.*--allow-target 192\.0\.2\.1/s)
  await expectRefused(['run', 'far.yaml', '--allow-target', '192.0.2.2'], folder, /--allow-target 192\.0\.2\.1/)
  expect(await chaos(['validate', 'far.yaml', '--allow-target', '192.0.2.1'], { cwd: folder })).toMatchObject({ code: 0 })
})

test('load.target on this machine is loaded; what the client sees is judged, claims on the policy of Envoy are not', async () => {
  const folder = newFolder()
  let served = 0
  const server = createServer((_, response) => {
    served++
    response.end('mine')
  }).listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const clientClaims = ['{ phase: only, success_rate: ">= 90%" }', '{ phase: only, p50: "<= 1s" }']
  const policyClaims = [
    '{ phase: only, retry_amplification: "<= 1.5" }',
    '{ phase: only, attempts_per_request: "<= 1.5" }',
    '{ phase: only, breaker_rejections: 0 }',
  ]
  const scenario = writeScenario(folder, {
    load: [`target: http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    expect: [...clientClaims, ...policyClaims],
  })
  try {
    for (let left = 3; left > 0; left--) {
      const before = served
      const { code } = await chaos(['run', scenario, '--out', join(folder, 'out')])
      expect(code).toBe(4)
      expect(served - before).toBe(100)
      const results = readResults(join(folder, 'out'))
      const judgedPolicy = results.outcomes.filter((one: { metric: string }) => !['success_rate', 'p50'].includes(one.metric))
      expect(judgedPolicy.map((one: { status: string }) => one.status)).toEqual(policyClaims.map(() => 'inconclusive'))
      const judgedClient = results.outcomes.filter((one: { metric: string }) => ['success_rate', 'p50'].includes(one.metric))
      // Once more where the machine was too busy to judge anything.
      if (left > 1 && judgedClient.some((one: { status: string }) => one.status === 'inconclusive')) continue
      expect(judgedClient.map((one: { status: string }) => one.status)).toEqual(['pass', 'pass'])
      break
    }
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
