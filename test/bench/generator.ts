import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Bench, median, type Row } from './bench.ts'

const RATES = [5000, 10_000]
const SECONDS = 5
const RUNS = 3
/** Of the requests at 5,000/s, within 1 ms of their due time. */
const GOAL_IN_TIME = 0.99
const GOAL_CPU = 3
const AIM_CPU = 2

const FOLDER = fileURLToPath(new URL('generator/', import.meta.url))

interface Ours {
  requests: number
  answered: number
  /** The share that was on the wire within 1 ms of its due time. */
  inTime: number
  p99LateMs: number
  cpuUs: number
}

/**
 * The open loop with its records, against a bare listener: whether it sends what was asked when it was asked, and what a
 * request costs. The peer is autocannon at the same rate over 50 connections, which promises neither due times nor a
 * record of each request. What the machine allows of punctuality is told by a program that only sleeps.
 */
export const generator: Bench = {
  name: 'generator',
  async run({ say }): Promise<readonly Row[]> {
    const rows: Row[] = []
    for (const rate of RATES) {
      const ours: Ours[] = []
      const theirs: { requests: number; cpuUs: number }[] = []
      const sleepers: { inTime: number }[] = []
      for (let i = 0; i < RUNS; i++) {
        ours.push(await measured('ours.ts', rate))
        theirs.push(await measured('theirs.mjs', rate))
        sleepers.push(await measured('sleeper.mjs', rate))
        say(`  ${rate}/s: ${JSON.stringify(ours.at(-1))} ${JSON.stringify(theirs.at(-1))}`)
      }
      rows.push(...rowsOf(rate, ours, theirs, sleepers))
    }
    return rows
  },
}

function rowsOf(
  rate: number,
  ours: readonly Ours[],
  theirs: readonly { requests: number; cpuUs: number }[],
  sleepers: readonly { inTime: number }[],
): Row[] {
  const of = (part: (run: Ours) => number) => median(ours.map(part))
  const planned = rate * SECONDS
  const dropped = Math.max(...ours.map(({ requests, answered }) => planned - Math.min(requests, answered)))
  const inTime = of((run) => run.inTime)
  const allowed = median(sleepers.map((run) => run.inTime))
  const [mine, peer] = [of((run) => run.cpuUs), median(theirs.map((run) => run.cpuUs))]
  const at = `open loop at ${rate.toLocaleString('en-US')}/s for ${SECONDS} s`
  return [
    {
      what: `${at}: dropped, of ${planned.toLocaleString('en-US')}`,
      ours: String(dropped),
      peer: `${planned - median(theirs.map((run) => run.requests))} (autocannon)`,
      compared: '',
      goal: '0',
      met: dropped === 0,
      figures: { ours: ours.map((run) => run.answered), autocannon: theirs.map((run) => run.requests) },
    },
    {
      what: `${at}: sent within 1 ms of the due time, median of ${RUNS}`,
      ours: `${(inTime * 100).toFixed(1)} % (99 % within ${of((run) => run.p99LateMs).toFixed(2)} ms)`,
      peer: `${(allowed * 100).toFixed(1)} % (a program that only sleeps)`,
      compared: `${((inTime - allowed) * 100).toFixed(1)} points`,
      goal: rate === RATES[0] ? `>= ${GOAL_IN_TIME * 100} %` : 'none',
      met: rate !== RATES[0] || inTime >= GOAL_IN_TIME,
      figures: {
        share: ours.map((run) => run.inTime),
        p99_late_ms: ours.map((run) => run.p99LateMs),
        sleeper: sleepers.map((run) => run.inTime),
      },
    },
    {
      what: `${at}: CPU a request, median of ${RUNS}`,
      ours: `${mine.toFixed(0)} us`,
      peer: `${peer.toFixed(0)} us (autocannon)`,
      compared: `${(mine / peer).toFixed(2)} x`,
      goal: `<= ${GOAL_CPU} x (aim ${AIM_CPU} x)`,
      met: mine <= GOAL_CPU * peer,
      figures: { ours_us: ours.map((run) => run.cpuUs), autocannon_us: theirs.map((run) => run.cpuUs) },
    },
  ]
}

/** Runs a generator against a fresh listener, each in a process of its own. @throws when it fails */
async function measured<T>(program: string, rate: number): Promise<T> {
  const listener = spawn(process.execPath, [`${FOLDER}listener.mjs`], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(listener.stdout.setEncoding('utf8'), 'data')
    const args = [`${FOLDER}${program}`, `http://127.0.0.1:${String(port).trim()}`, String(rate), String(SECONDS)]
    // Ours as ./chaos starts it, which is how this bench was started, too.
    const flags = program === 'ours.ts' ? process.execArgv : []
    const child = spawn(process.execPath, [...flags, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`)
    return JSON.parse(said) as T
  } finally {
    listener.kill()
  }
}
