import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaos, newFolder, STACK_TRACE, writeScenario } from '../helpers/run.ts'

test('a scenario is explained on stdout, and nothing is written', async () => {
  const folder = newFolder()
  writeScenario(folder, { name: 'good', faults: ['{ cluster: shop, abort: 503, percent: 10 }'] })
  const { code, stdout, stderr } = await chaos(['explain', 'good.yaml'], { cwd: folder })
  expect([code, stderr]).toEqual([0, ''])
  for (const part of ['TOPOLOGY', 'ROUTE-1', 'the upstream never answers', 'BY ARITHMETIC', '90%', '--config'])
    expect(stdout).toContain(part)
  expect(stdout).not.toContain('\u001b')
})

test('--json is for machines, --config for Envoy; both at once is bad usage', async () => {
  const folder = newFolder()
  writeScenario(folder, { name: 'good' })
  const json = await chaos(['explain', 'good.yaml', '--json'], { cwd: folder })
  expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, routes: [{ name: 'route-1', cluster: 'shop' }] })
  const config = await chaos(['explain', 'good.yaml', '--config'], { cwd: folder })
  expect(config.stdout).toMatch(/^static_resources:$/m)
  expect(await chaos(['explain', 'good.yaml', '--config', '--json'], { cwd: folder })).toMatchObject({ code: 2, stdout: '' })
})

test('--help teaches what there is to see', async () => {
  const { code, stdout } = await chaos(['explain', '--help'])
  expect(code).toBe(0)
  for (const word of ['--config', '--json', 'at: ingress', 'worst case', 'envoy --mode validate']) expect(stdout).toContain(word)
})

test('a bad scenario is bad input: exit 2, with its place', async () => {
  const folder = newFolder()
  const file = writeScenario(folder, { name: 'bad' })
  writeFileSync(join(folder, 'bad.yaml'), readFileSync(file, 'utf8').replace('timeout: 20s', 'timeout: 20'))
  const { code, stdout, stderr } = await chaos(['explain', 'bad.yaml'], { cwd: folder })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/bad\.yaml:6:\d+.*without its unit/)
  expect(stderr).not.toMatch(STACK_TRACE)
  expect(await chaos(['explain', 'none.yaml'], { cwd: folder })).toMatchObject({ code: 2, stdout: '' })
  expect(await chaos(['explain'], { cwd: folder })).toMatchObject({ code: 2, stdout: '' })
})

test('a scenario of which only claims are refused is explained all the same, with the refusal at the end: exit 2', async () => {
  const folder = newFolder()
  // 99.99 % takes 38,411 requests, and there are 100; "=<" is no operator.
  writeScenario(folder, { name: 'few', expect: ['{ phase: only, success_rate: ">= 99.99%" }', '{ phase: only, p99: "=< 1s" }'] })
  const { code, stdout, stderr } = await chaos(['explain', 'few.yaml'], { cwd: folder })
  expect(code).toBe(2)
  for (const part of ['TOPOLOGY', 'ROUTE-1', 'BY ARITHMETIC', 'ENVOY']) expect(stdout).toContain(part)
  expect(stderr).toContain('few.yaml has 2 problems')
  expect(stderr).toMatch(/few\.yaml:12:\d+.*success_rate ">= 99\.99%" needs 38,411 clean requests/)
  expect(stderr).toMatch(/few\.yaml:13:\d+.*p99: expected a condition/)
  const json = await chaos(['explain', 'few.yaml', '--json'], { cwd: folder })
  expect([json.code, JSON.parse(json.stdout).version]).toEqual([2, 1])
})

test('what the client of the app does is shown where it stands, beside the limits of Envoy, and warned of', async () => {
  const folder = newFolder()
  writeFileSync(
    join(folder, 'tiers.yaml'),
    `name: tiers
upstreams: { shop: {} }
app: { command: [node, --version], client: { timeout: 2s, retries: 1 } }
envoy: { routes: [{ match: { prefix: / }, cluster: shop, timeout: 5s }] }
load: { rate: 100/s }
phases: [{ name: only, for: 1s }]
expect: [{ success_rate: ">= 50%" }]
`,
  )
  const { code, stdout, stderr } = await chaos(['explain', 'tiers.yaml'], { cwd: folder })
  expect(code).toBe(0)
  expect(stdout).toContain('app: node --version (gives a call up after 2s, 1 retry)')
  expect(stdout).toContain('with 1 retry of the app: up to 2 attempts for one request')
  expect(stdout).toMatch(/\+2s +the app gives up: app\.client\.timeout/)
  expect(stderr).toMatch(/^\ntiers\.yaml:3:55: warning: app\.client\.timeout: is shorter than what it waits for/)
})
