import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { ChaosError } from '../../src/errors.ts'
import { prepare } from '../../src/prepare.ts'
import { freePorts } from '../../src/topology/ports.ts'
import { startProcesses } from '../../src/topology/process.ts'
import type { StartedTopology } from '../../src/topology/topology.ts'
import { needs } from '../helpers/needs.ts'
import { chaos, judged, newFolder, readRequests, readResults, STACK_TRACE, start, writeScenario } from '../helpers/run.ts'

const HOST = '127.0.0.1'

describe('ports that are taken', () => {
  const taken: Server[] = []
  const topologies: StartedTopology[] = []
  afterEach(async () => {
    await Promise.all(topologies.splice(0).map((topology) => topology.stop()))
    for (const server of taken.splice(0)) server.close()
  })

  async function takePort(): Promise<number> {
    const server = createServer().listen({ host: HOST, port: 0 })
    taken.push(server)
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  }

  /** Free ports, but for one that `port` says. */
  const choosing = (position: number, port: (attempt: number) => number | undefined) => {
    let attempts = 0
    const choosePorts = async (host: string, count: number) =>
      (await freePorts(host, count)).with(position, port(++attempts) ?? ((await freePorts(host, 1))[0] as number))
    return { choosePorts, attempts: () => attempts }
  }

  async function startWith(choosePorts: typeof freePorts) {
    const folder = newFolder()
    const { scenario, plan } = prepare(writeScenario(folder), {})
    const { signal } = new AbortController()
    const topology = await startProcesses(scenario, plan, {
      envoy: inject('envoy'),
      directory: join(folder, 'out'),
      env: {},
      signal,
      choosePorts,
    })
    topologies.push(topology)
    return {
      topology,
      admin: parse(readFileSync(join(folder, 'out', 'envoy.yaml'), 'utf8')).admin.address.socket_address.port_value as number,
    }
  }

  // The order of `chooseAddresses`: admin, shared, one per cluster, one per replica for its hop, one for its stub.
  test.each([
    ['admin', 0],
    ['shared', 1],
    ['egress', 2],
    ['hop', 4],
    ['stub', 6],
  ])('%s: taken thrice is an error of the environment that names the port', async (_, position) => {
    const port = await takePort()
    const { choosePorts, attempts } = choosing(position, () => port)
    const error = await startWith(choosePorts).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ChaosError)
    const { kind, message, detail } = error as ChaosError
    expect([kind, attempts()]).toEqual(['environment', 3])
    expect([message, ...detail].join('\n')).toContain(`${HOST}:${port}`)
  })

  test.each([
    ['admin', 0],
    ['shared', 1],
    ['hop', 4],
    ['stub', 6],
  ])('%s: taken at the first try is free at the second', async (_, position) => {
    const port = await takePort()
    const { choosePorts, attempts } = choosing(position, (attempt) => (attempt === 1 ? port : undefined))
    const { topology } = await startWith(choosePorts)
    expect(attempts()).toBe(2)
    expect(await topology.stats()).toBeTypeOf('object')
  })

  test('the Envoy of another run on the admin port is not mistaken for ours', async () => {
    const other = await startWith(freePorts)
    const { choosePorts, attempts } = choosing(0, (attempt) => (attempt === 1 ? other.admin : undefined))
    const ours = await startWith(choosePorts)
    expect(attempts()).toBe(2)
    expect(ours.admin).not.toBe(other.admin)
    // The other one is as it was.
    expect(await other.topology.stats()).toBeTypeOf('object')
    expect(other.topology.death.aborted).toBe(false)
  })
})

describe('a full disk', () => {
  /** Tries it on a folder of its own. */
  function mountMissing(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'root on Linux'
    const folder = newFolder()
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'chaos-test', folder], { encoding: 'utf8' })
    if (status !== 0) return stderr.trim()
    execFileSync('umount', [folder])
    return undefined
  }
  const mounted: string[] = []
  afterEach(() => {
    for (const folder of mounted.splice(0)) execFileSync('umount', [folder])
  })

  // From room for nothing, over room for the configuration alone, to room for the start of the logs.
  test.skipIf(needs('a small disk', mountMissing())).for(['4k', '12k', '24k', '32k', '64k', '128k'])(
    'with %s ends the run with 3 and a message that says so',
    async (size) => {
      const folder = newFolder()
      const disk = join(folder, 'disk')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'chaos-test', disk])
      mounted.push(disk)
      const started = start(['run', writeScenario(folder, { seconds: 1, rate: 300 }), '--out', join(disk, 'out')])
      const { code, stdout, stderr } = await started.finished
      expect(`${stdout}${stderr}`).toMatch(/the disk is full/)
      expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
      expect(stderr).not.toContain('bug in chaos')
      expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ERROR small/)
      expect(code).toBe(3)
      expect(started.alive()).toEqual([])
    },
  )
})

describe('--out', () => {
  test.each([
    ['below a file', (folder: string) => join(folder, 'file', 'out')],
    ['that is a file', (folder: string) => join(folder, 'file')],
  ])('%s cannot be written: exit 3 before anything starts', async (_, out) => {
    const folder = newFolder()
    writeFileSync(join(folder, 'file'), 'mine')
    const { code, stdout, stderr } = await chaos(['run', writeScenario(folder), '--out', out(folder)], { cwd: folder })
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain(`cannot write ${out(folder)}`)
    expect(stderr).not.toMatch(STACK_TRACE)
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine')
  })

  test('with files of somebody else is refused, and they stay untouched', async () => {
    const folder = newFolder()
    const out = join(folder, 'out')
    mkdirSync(join(out, 'logs'), { recursive: true })
    for (const name of ['results.json', 'logs/mine.log', 'thesis.txt']) writeFileSync(join(out, name), 'mine')
    const { code, stdout, stderr } = await chaos(['run', writeScenario(folder), '--out', out])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/holds files that are not the results of a run/)
    expect(readdirSync(out).sort()).toEqual(['logs', 'results.json', 'thesis.txt'])
    for (const name of ['results.json', 'logs/mine.log', 'thesis.txt']) expect(readFileSync(join(out, name), 'utf8')).toBe('mine')
  })

  test('with files of somebody else for the second of two scenarios is refused before the first is run', async () => {
    const folder = newFolder()
    const files = ['one', 'two'].map((name) => writeScenario(folder, { name }))
    mkdirSync(join(folder, 'out', 'two'), { recursive: true })
    writeFileSync(join(folder, 'out', 'two', 'thesis.txt'), 'mine')
    expect(await chaos(['run', ...files, '--out', join(folder, 'out')])).toMatchObject({ code: 2, stdout: '' })
    expect(readdirSync(join(folder, 'out'))).toEqual(['two'])
  })

  test('of scenarios with the same file name has the results of each', async () => {
    const folder = newFolder()
    const files = ['a', 'b', 'c'].map((part) => writeScenario(join(folder, part), { name: 'same', seconds: 0.5 }))
    await chaos(['run', ...files, '--out', 'out', '-q'], { cwd: folder })
    const names = readdirSync(join(folder, 'out')).sort()
    expect(names).toEqual(['same', 'same-2', 'same-3'])
    expect(names.map((name) => readResults(join(folder, 'out', name)).scenario.file)).toEqual(files)
  })

  test('beside the results of an earlier run other files stay, and each run has a sound verdict', async () => {
    const folder = newFolder()
    const out = join(folder, 'out')
    const scenario = writeScenario(folder, {
      expect: ['{ phase: only, success_rate: ">= 90%" }', '{ phase: only, attempts_per_request: "<= 1" }'],
    })
    for (const round of [1, 2, 3]) {
      expect(await judged(['run', scenario, '--out', out, '--quiet'])).toMatchObject({ code: 0, stderr: '' })
      expect(readRequests(out).length).toBe(100)
      expect(readRequests(out).every((request) => request.calls[0].attempts.length === 1)).toBe(true)
      expect(readResults(out).verdict).toMatchObject({ status: 'pass', passed: 2 })
      if (round === 1) writeFileSync(join(out, 'notes.txt'), 'mine')
    }
    expect(existsSync(join(out, 'notes.txt'))).toBe(true)
  })
})
