import { subscribe } from 'node:diagnostics_channel'
import { requestIndex } from '../../../src/load/client-log.ts'
import { Gate } from '../../../src/load/gate.ts'
import { readyLoad } from '../../../src/load/load.ts'
import { Pulse } from '../../../src/load/pulse.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import type { OpenLoad } from '../../../src/plan/plan.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'

/** Our open loop with its records, in a process of its own: its only work. Prints what it took. */
const [origin = '', rate = '', seconds = ''] = process.argv.slice(2)
const scenario = parseScenario(
  `
name: bench
upstreams: { one: {} }
load: { rate: ${rate}/s }
phases: [{ name: warm, for: 1s }, { name: measured, for: ${seconds}s }]
expect: [{ p50: "<= 1m" }]
`,
  'bench.yaml',
  () => {
    throw new Error('there are no samples')
  },
)
const plan = compilePlan(scenario)
const from = plan.phases[1]?.from ?? 0

const gate = new Gate()
gate.openUntil(Number.POSITIVE_INFINITY)
const zero = performance.now() + 50
const pulse = new Pulse(zero)
let before = process.cpuUsage()
setTimeout(
  () => {
    before = process.cpuUsage()
  },
  zero + from - performance.now(),
)
/** When each request was written to its socket, by the word of undici: that is after it was handed over. */
const written = new Float64Array((plan.load as OpenLoad).due.length).fill(Number.POSITIVE_INFINITY)
subscribe('undici:client:sendHeaders', (message) => {
  const [, id = ''] = /x-request-id: (\S+)/.exec((message as { headers: string }).headers) ?? []
  written[requestIndex(id)] = performance.now() - zero
})
const watcher = { onLog: () => {}, onSent: () => {}, onEnd: () => {} }
const log = await readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher, signal: new AbortController().signal })
const { user, system } = process.cpuUsage(before)
pulse.stop()

const first = log.due.findIndex((due) => due >= from)
const late = written.subarray(first).map((at, i) => at - (log.due[first + i] as number))
const inTime = late.filter((ms) => ms <= 1).length
process.stdout.write(
  JSON.stringify({
    requests: late.length,
    answered: log.status.subarray(first).filter((status) => status === 200).length,
    inTime: inTime / late.length,
    p99LateMs: late.toSorted()[Math.ceil(late.length * 0.99) - 1],
    cpuUs: (user + system) / late.length,
  }),
)
process.exit(0)
