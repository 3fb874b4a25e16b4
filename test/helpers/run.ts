import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, inject } from 'vitest'

/*
 * Starts chaos as a user would, and looks at what it left behind. Linux only: processes are found in /proc by a mark in
 * their environment, which every descendant inherits, whatever its process group or command line.
 */

export const ROOT = join(import.meta.dirname, '../..')
export const chaosProgram = join(ROOT, 'chaos')
const MARK = 'CHAOS_TEST_MARK'

/** What a busy shared machine may need for anything that should happen at once; a bound against hanging, not a claim. */
export const MACHINE_LAG_MS = 10_000

/** A line of a stack trace: what a user must never see. */
export const STACK_TRACE = /^\s+at .*:\d+:\d+\)?$/m

export interface Finished {
  /** The exit code; 128 + n where signal n killed it, as a shell says. */
  code: number
  stdout: string
  stderr: string
}

export interface Started {
  process: ChildProcess
  pid: number
  /** What stderr says so far. */
  stderr(): string
  finished: Promise<Finished>
  /** Everything that it started and that still runs, itself included. */
  alive(): Running[]
}

export interface Running {
  pid: number
  command: string
}

export interface Start {
  cwd?: string
  /** `undefined` takes a variable away. */
  env?: Record<string, string | undefined>
  /** The `./chaos` of another checkout. */
  program?: string
}

const started: Started[] = []
const folders: string[] = []
let marks = 0

afterAll(async () => {
  for (const chaos of started.splice(0)) for (const { pid } of chaos.alive()) tryKill(pid)
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Ended meanwhile.
  }
}

/** A new folder that is removed when the tests of the file are over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-e2e-'))
  folders.push(folder)
  return folder
}

/** Starts `./chaos` with the Envoy of the tests, as the leader of a process group. */
export function start(args: readonly string[], { cwd = newFolder(), env = {}, program = chaosProgram }: Start = {}): Started {
  const mark = `${process.pid}-${++marks}`
  // A test does not depend on the settings of whoever runs it.
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, GITHUB_ACTIONS: ____, ...inherited } = process.env
  const child = spawn(program, args, {
    cwd,
    env: { ...inherited, CHAOS_ENVOY: inject('envoy'), ...env, [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const finished = Promise.all([text(child.stdout), once(child, 'close')]).then(([stdout, [code, signal]]) => ({
    code: code ?? 128 + { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal as 'SIGHUP' | 'SIGINT' | 'SIGKILL' | 'SIGTERM'],
    stdout,
    stderr,
  }))
  const chaos = { process: child, pid: child.pid as number, stderr: () => stderr, finished, alive: () => running(mark) }
  started.push(chaos)
  return chaos
}

/** Runs `./chaos` to its end. */
export const chaos = (args: readonly string[], options?: Start): Promise<Finished> => start(args, options).finished

const INCONCLUSIVE = 4

/** Runs it to its end, once more where the machine was too busy for a verdict. Each time the folder of `--out` is used again. */
export async function judged(args: readonly string[], options?: Start, onAgain = () => {}): Promise<Finished> {
  for (let left = 3; ; left--) {
    const finished = await chaos(args, options)
    if (finished.code !== INCONCLUSIVE || left === 0) return finished
    onAgain()
  }
}

/** Processes with the mark; a zombie has no environment any more and counts as gone. */
function running(mark: string): Running[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`${MARK}=${mark}`)) return []
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }]
    } catch {
      return []
    }
  })
}

/** The process that was started as Envoy with this configuration; not its guard. */
export const isEnvoy = ({ command }: Running) => !command.startsWith('/bin/sh') && / -c \S+envoy\.yaml .*--concurrency/.test(command)
export const isStub = ({ command }: Running) => !command.startsWith('/bin/sh') && /upstream(\/main\.ts|\.cjs) \S+stubs\.json$/.test(command)

/** @throws when it does not become true */
export async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = MACHINE_LAG_MS): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(10)
  }
}

/** Waits for the load: the first phase has begun. */
export const loadRuns = (chaos: Started) => until('the load begins', () => chaos.stderr().includes('phase 1/'))

export interface Small {
  name?: string
  seconds?: number
  /** Requests a second; null for a closed loop, by `load`. */
  rate?: number | null
  latency?: string
  /** Further lines below `load:`, such as `arrivals: poisson`. */
  load?: readonly string[]
  /** Items of the `faults` of its only phase. */
  faults?: readonly string[]
  /** Items of `expect`. */
  expect?: readonly string[]
}

/** Writes a small scenario of one phase, and returns its path. */
export function writeScenario(folder: string, small: Small = {}): string {
  const {
    name = 'small',
    seconds = 1,
    rate = 100,
    latency = '5ms',
    load = [],
    faults = [],
    expect = ['{ phase: only, success_rate: ">= 50%" }'],
  } = small
  const file = join(folder, `${name}.yaml`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    file,
    [
      `name: ${name}`,
      'upstreams:',
      `  shop: { replicas: 2, latency: ${latency} }`,
      'envoy:',
      '  routes:',
      '    - { match: { prefix: / }, cluster: shop, timeout: 20s }',
      'load:',
      ...(rate === null ? [] : [`  rate: ${rate}/s`]),
      ...load.map((line) => `  ${line}`),
      'phases:',
      `  - { name: only, for: ${seconds}s, faults: [${faults.join(', ')}] }`,
      'expect:',
      ...expect.map((item) => `  - ${item}`),
      '',
    ].join('\n'),
  )
  return file
}

/** A program with the words of a shell script, to be given as an Envoy. */
export function writeScript(folder: string, lines: readonly string[], mode = 0o755): string {
  const file = join(folder, `envoy-${readdirSync(folder).length}`)
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'), { mode })
  return file
}

export const readResults = (folder: string) => JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))

export function readRequests(folder: string) {
  const content = readFileSync(join(folder, 'requests.ndjson'), 'utf8')
  return content === ''
    ? []
    : content
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
}
