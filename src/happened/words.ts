import type { RequestRecord } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import { formatMs, grouped, trim } from '../units.ts'
import { plural } from '../value/show.ts'
import { causeOf } from '../verdict/cause.ts'
import type { Blame } from './blame.ts'
import type { Seen, Sentence } from './sentence.ts'
import { spelt } from './setting.ts'
import type { AllTraffic } from './traffic.ts'

/** What happened, and which setting is to blame for it. */
export function blameSentence(blame: Blame, seen: Seen, traffic: AllTraffic): Sentence {
  const { phases, from, to, setting } = blame
  const [only] = phases
  const phase = phases.size === 1 ? (seen.plan.phases[only as number]?.name ?? null) : null
  return { phase, fromMs: from, toMs: to, text: textOf(blame, seen, traffic), setting: setting.place }
}

function textOf(blame: Blame, seen: Seen, traffic: AllTraffic): string {
  const { deed, cluster, count, of, from, waited, example, setting } = blame
  const share = `${grouped(count)} of ${plural(of, nounOf(seen.plan))}`
  const blamed = spelt(setting)
  const time = formatMs(waited)
  switch (deed) {
    case 'storm':
      return `from ${formatMs(from)} on retries kept themselves going: ${stormText(blame, traffic)}; ${blamed} is too high to hold them back`
    case 'refused':
      return `${share} were refused by a full breaker: ${blamed} is below what comes at once`
    case 'refusedIdle':
      return `${share} were refused, although not all ${workersText(cluster, seen)}workers of ${cluster} were busy: ${blamed} is below its capacity`
    case 'suppressed':
      return `${share} ended badly since their retries were suppressed: ${blamed} allows too few at once`
    case 'keptOut':
      return `${share} found no healthy host of ${cluster}, although the fault was over: ${blamed} keeps its hosts out too long`
    case 'keptIn':
      return `${share} failed at hosts of ${cluster} that failed again and again and stayed in: ${blamed} lets no further one be taken out`
    case 'connecting':
      return `${share} waited for a connection to ${cluster} that did not come about, up to ${time}: ${blamed} gives up too late`
    case 'connectionLine':
      return `${share} waited in line for a connection to ${cluster}, up to ${time}: ${blamed} lets that line grow too long`
    case 'workerLine':
      return `${share} waited in line for a worker of ${cluster}, up to ${time}: ${blamed} lets in more than it serves in time`
    case 'cutShort':
      return `${share} were cut by a limit that leaves an answer too little time: ${blamed} is too short`
    case 'letWait':
      return `${share} waited up to ${time}, longer than was asked: ${blamed} does not end that in time`
    case 'unreached':
      return `none of ${plural(of, nounOf(seen.plan))} was cut by a limit that was to do so, the longest took ${time}: ${blamed} is longer than that`
    case 'usedUp':
      return `${share} failed when no further try was left, although most tries went well: ${blamed} is too low`
    case 'notRetried':
      return `${share} failed with tries left that were not made${causeText(example, seen)}: ${blamed} does not name such a failure`
    case 'notHedged':
      return `${share} had tries cut off, where hedging lets them go on beside the next one: ${blamed} is off`
  }
}

/** `5 attempts for each request, while it waited up to 2.9s for a worker` */
function stormText({ cluster, phases }: Blame, traffic: AllTraffic): string {
  const own = [...phases].map((phase) => traffic.to(cluster, phase))
  const factor = Math.max(...own.map(({ attempts, calls }) => attempts / calls))
  const line = Math.max(...own.map(({ longestLine }) => longestLine))
  return `up to ${trim(factor, 1)} attempts for each request, most of them cut in the line before the workers of ${cluster} (${formatMs(line)} at most)`
}

function workersText(cluster: string, { plan }: Seen): string {
  const workers = plan.stubs.servers.filter((server) => server.cluster === cluster).map((server) => server.workers)
  return workers.includes(undefined) ? '' : `${workers.reduce<number>((sum, each) => sum + (each ?? 0), 0)} `
}

const causeText = (example: RequestRecord | null, { plan }: Seen) =>
  example === null ? '' : `, as ${causeOf(example, plan.load.deadline)}`
