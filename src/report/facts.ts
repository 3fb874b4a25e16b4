import { attemptsOf } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import { plural } from '../value/show.ts'
import { breakerSentences } from './breaker-lines.ts'
import { commandLines } from './command-line.ts'
import { duration, perSecond } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'
import { printable, wrapClauses } from './layout.ts'
import type { Paper } from './paper.ts'
import { spareSentences } from './spare.ts'
import { timeoutSentences } from './timeout-words.ts'

const KEY_CELLS = 10

/** The small print: totals, warnings, what it ran on, where the results stand and how to run it again. */
export function factLines(run: FinishedRun, { width, paint, say }: Paper): string[] {
  const { directory, command, warnings } = run
  const key = (name: string) => paint('dim', `  ${name.padEnd(KEY_CELLS)}`)
  const rest = ' '.repeat(2 + KEY_CELLS)
  const fact = (name: string, text: string) => keyed(key(name), rest, wrapClauses(text, width - rest.length))
  return [
    ...fact('load', totals(run)),
    ...timeoutSentences(run).flatMap((sentence, i) => fact(i === 0 ? 'timeouts' : '', say(sentence))),
    ...breakerSentences(run).flatMap((text, i) => fact(i === 0 ? 'breakers' : '', say(text))),
    ...spareSentences(run).flatMap((text) => fact('spare', say(text))),
    ...warnings.flatMap((warning) => fact('warning', say(warning)).map((line) => paint('yellow', line))),
    ...fact('run', say(circumstances(run))),
    // Not wrapped: a broken path or word could not be copied.
    ...keyed(key('results'), rest, [printable(directory)]),
    ...(isAppAsked(run) ? keyed(key('app said'), rest, [printable(`${directory}/${APP_LOG}`)]) : []),
    ...keyed(key('again'), rest, commandLines(command.map(say), width - rest.length)),
  ]
}

const APP_LOG = 'logs/app.log'

/** What it said may tell why its answers were not what they should be; of one that did not come up, the last lines are shown. */
const isAppAsked = ({ plan, ended, verdict }: FinishedRun) => plan.app !== undefined && ended === null && verdict.status !== 'pass'

function keyed(key: string, rest: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => (i === 0 ? key : rest) + line)
}

/** `1,800 requests in 9s (199.9/s), 1,891 attempts (1.051 each)` */
export function totals({ observations, loadMs, plan }: FinishedRun): string {
  const noun = nounOf(plan)
  if (observations === null) return noun === 'run' ? 'nothing was run' : 'nothing was sent'
  const requests = observations.records.length
  const attempts = observations.records.reduce((sum, record) => sum + attemptsOf(record).length, 0)
  const unknown = observations.records.reduce((sum, { joined }) => sum + Number(!joined), 0)
  const loop = plan.load.kind === 'closed' ? `closed loop, ${plural(plan.load.connections, 'connection')}: ` : ''
  const warmup = plan.phases[0]?.from ? `, ${duration(plan.phases[0].from)} of it warm-up` : ''
  const parallel = plan.load.kind === 'runs' ? `, ${plan.load.parallel === 1 ? 'one' : plan.load.parallel} at a time,` : ''
  return `${loop}${plural(requests, noun)}${parallel} in ${duration(loadMs)}${warmup} (${perSecond(requests, loadMs)}), ${attemptsText(attempts, requests, unknown, noun)}`
}

/** @param unknown - requests of which not all calls are known: no attempt seen is not none made */
function attemptsText(attempts: number, requests: number, unknown: number, noun: 'request' | 'run'): string {
  if (requests > 0 && unknown === requests) return `attempts not known: of no ${noun} all calls to Envoy are known`
  if (unknown > 0) return `at least ${plural(attempts, 'attempt')}: of ${plural(unknown, noun)} not all calls to Envoy are known`
  return `${plural(attempts, 'attempt')}${requests === 0 ? '' : ` (${(attempts / requests).toFixed(3)} each)`}`
}

/** `9.18s in all; seed 1; chaos 0.1.0 (process); Envoy 1.40.0 (cache)` */
export function circumstances({ envoy, durationMs, plan, chaosVersion, runtime }: FinishedRun): string {
  const proxy = envoy === null ? 'no Envoy' : `Envoy ${envoy.version ?? 'of unknown version'} (${envoy.source})`
  return `${duration(durationMs)} in all; seed ${plan.seed}; chaos ${chaosVersion} (${runtime}); ${proxy}`
}
