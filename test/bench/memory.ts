import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchWorld, Row } from './bench.ts'

const SHORT_MIN = 1
const LONG_MIN = 10
const GOAL = 1.2
const POLL_MS = 200

const CHAOS = fileURLToPath(new URL('../../chaos', import.meta.url))

const scenario = (minutes: number) => `
name: memory
upstreams: { shop: { replicas: 2 } }
load: { rate: 1000/s }
phases: [{ name: only, for: ${minutes}m }]
expect: [{ success_rate: ">= 50%" }]
`

/** Whether what a run keeps grows with its length: the largest memory of chaos itself, without Envoy and the stubs. */
export const memory: Bench = {
  name: 'memory',
  onlyWhenAsked: `takes ${SHORT_MIN + LONG_MIN} minutes`,
  async run(world): Promise<readonly Row[]> {
    const short = await peakMib(world, SHORT_MIN)
    const long = await peakMib(world, LONG_MIN)
    return [
      {
        what: `peak memory of a run of ${LONG_MIN} minutes at 1,000/s`,
        ours: `${long.toFixed(0)} MiB`,
        peer: `${short.toFixed(0)} MiB (${SHORT_MIN} minute)`,
        compared: `× ${(long / short).toFixed(2)}`,
        goal: `<= × ${GOAL.toFixed(2)}`,
        met: long <= GOAL * short,
        figures: { short_mib: short, long_mib: long },
      },
    ]
  },
}

/** The kernel keeps the peak itself (Linux only), so looking now and then misses nothing but the last moment. */
async function peakMib({ folder, say }: BenchWorld, minutes: number): Promise<number> {
  say(`  ${minutes} min at 1,000/s`)
  const file = join(folder, `memory-${minutes}.yaml`)
  writeFileSync(file, scenario(minutes))
  const child = spawn(CHAOS, ['run', file, '--quiet', '--out', join(folder, `out-${minutes}`)], { stdio: 'ignore' })
  let kib = 0
  const timer = setInterval(() => {
    kib = Math.max(kib, peakKib(child.pid as number))
  }, POLL_MS)
  const [code] = await once(child, 'close')
  clearInterval(timer)
  if (code !== 0 && code !== 4) throw new Error(`the run of ${minutes} min ended with ${code}`)
  return kib / 1024
}

/** 0 where the process is gone already. */
function peakKib(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
