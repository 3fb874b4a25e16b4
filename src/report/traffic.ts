import { envoyFragment } from '../fragment/envoy.ts'
import { istioFragment, istioHost } from '../fragment/istio.ts'
import type { Settings } from '../fragment/settings.ts'
import type { Limit, Proposal } from '../traffic-log/propose.ts'
import type { Grouping, Traffic } from '../traffic-log/survey.ts'
import { formatMs, formatPercent, ms } from '../units.ts'
import { plural } from '../value/show.ts'
import { count, duration, perSecond, shareOf } from './figures.ts'
import { padEnd, padStart, printable, wrap } from './layout.ts'
import { type Look, painter } from './paper.ts'
import { sparkline } from './sparkline.ts'

/** What a log says of one cluster (or host, path, method), and what follows. */
export interface TunedGroup {
  name: string
  traffic: Traffic
  proposal: Proposal
}

/** The largest ones are told; `--json` has all. */
const MOST_TOLD = 6
const UNANSWERED = 'not in this log'

export function renderTraffic(groups: readonly TunedGroup[], by: Grouping, look: Look): string {
  const more = groups.length - MOST_TOLD
  return [
    ...groups.slice(0, MOST_TOLD).map((group) => renderGroup(group, by, look)),
    ...(more > 0 ? [`${plural(more, 'more')} with fewer requests: --json has all`] : []),
  ].join('\n\n')
}

function renderGroup({ name, traffic, proposal }: TunedGroup, by: Grouping, look: Look): string {
  const paint = painter(look.color)
  const load = traffic.load()
  const line = (label: string, text: string) => wrap(text, look.width, `  ${padEnd(label, 12)}`, ' '.repeat(14))
  const { served, failed, refused, cut, left, tunnel } = traffic.outcomes
  const outcomes = [
    `${count(served)} served`,
    ...(cut > 0 ? [`${count(cut)} cut by a limit of time`] : []),
    ...(left > 0 ? [`${count(left)} left by the client`] : []),
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(refused > 0 ? [`${count(refused)} refused, or answered by Envoy itself`] : []),
    ...(tunnel > 0 ? [`${count(tunnel)} tunnels or websockets`] : []),
    ...(traffic.retried > 0 ? [`${count(traffic.retried)} tried more than once`] : []),
  ]
  const busiest = load.busiest.map(({ overMs, requests }) => `${count(requests)} in the busiest ${duration(overMs)}`)
  const at = (p: number) => duration(traffic.served.quantile(p) ?? Number.NaN)
  const service =
    traffic.service.count === 0 ? '' : `; to the headers of the answer p50 ${duration(traffic.service.quantile(0.5) ?? Number.NaN)}`
  return [
    paint('bold', `${by === 'all' ? '' : `${by} `}${printable(name)}`),
    ...line('requests', `${count(traffic.requests)}: ${outcomes.join(', ')}`),
    ...line('load', `${load.perSecond === null ? '–' : perSecond(load.perSecond, 1000)} in the mean, ${busiest.join(', ')}`),
    ...line('at once', atOnce(load)),
    ...line('took', `p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}${service}`),
    '',
    ...curveLines(proposal, look),
    '',
    ...proposalLines(proposal).flatMap(([label, text]) => line(label, text)),
    ...remarks(traffic, proposal).flatMap((text) => wrap(text, look.width, '  ? ', '    ')),
  ].join('\n')
}

function atOnce({ meanInFlight, mostInFlight: { low, high } }: ReturnType<Traffic['load']>): string {
  const most = low === high ? count(high) : `${count(low)} to ${count(high)}`
  const mean = meanInFlight === null ? '–' : String(Number(meanInFlight.toPrecision(3)))
  return `${mean} in the mean, at most ${most}; a max_requests, or with HTTP/1.1 a max_connections, below that would have refused some, or let them wait. It is no proposal: how many the upstream can take, a log does not say`
}

function curveLines({ curve }: Proposal, { plots }: Look): string[] {
  const longest = Math.max(0, ...curve.map(({ safe, estimate }) => safe ?? estimate ?? 0))
  const rows = curve.map(({ rate, estimate, safe }) => {
    const bar = plots ? `  ${sparkline([safe ?? estimate], longest)}` : ''
    return `  ${padStart(formatPercent(rate, 2), 9)}  ${padStart(told(estimate), 15)}  ${padStart(told(safe), 15)}${bar}`.trimEnd()
  })
  return [`  ${padStart('cut in vain', 9)}${padStart('timeout', 15)}  ${padStart('to be sure', 15)}`, ...rows]
}

const told = (value: number | null) => (value === null ? UNANSWERED : duration(value))

function proposalLines({ timeout, perTry, retries, whole, try: one }: Proposal): (readonly [string, string])[] {
  const from = retries === 0 ? whole : one
  const why = from.safe === null ? '' : `: at most ${formatPercent(from.rate, 3)} would be cut in vain from ${duration(from.safe)} on`
  if (timeout === null) return [['timeout', `no proposal for ${formatPercent(from.rate, 3)}`]]
  if (perTry === null) return [['timeout', `${formatMs(timeout)}${why}`]]
  return [
    ['per_try', `${formatMs(perTry)}${why}`],
    ['timeout', `${formatMs(timeout)}: lets ${plural(retries + 1, 'try', 'tries')} and the longest back-off come to their end`],
  ]
}

/** What bounds the answer, and why. */
function remarks(traffic: Traffic, { cutShare, needed, samples, whole, try: one, retries }: Proposal): string[] {
  const { rate, safe } = retries === 0 ? whole : one
  const { failed } = traffic.outcomes
  const few = samples < needed
  return [
    ...(few
      ? [
          `${formatPercent(rate, 3)} takes at least ${count(needed)} requests with a duration, and there are ${count(samples)}: a longer log, or a larger share`,
        ]
      : []),
    ...(!few && safe === null && cutShare > 0
      ? [
          `${formatPercent(cutShare, 2)} were cut by a limit of time, or left by the client: how much longer they would have taken is not in the log, so no share near or below that can be told; raise the timeout that is set now, and log again`,
        ]
      : []),
    ...(!few && safe === null && cutShare === 0
      ? [`what was seen does not show ${formatPercent(rate, 3)} with 97.5 % certainty: a longer log, or a larger share`]
      : []),
    ...(failed > 0
      ? [`${shareOf(failed, traffic.requests)} failed; they are left out, since quick failures would make the upstream look quick`]
      : []),
    ...(retries > 0 && !traffic.attemptsKnown
      ? [
          'the log does not say how often a request was tried, so the law of a try is that of whole requests, which are no shorter: log %UPSTREAM_REQUEST_ATTEMPT_COUNT% for a tighter one',
        ]
      : []),
  ]
}

/** The settings of each that has a proposal, as text to be put into a configuration. */
export function fragments(groups: readonly TunedGroup[], by: 'cluster' | 'host', istio: boolean): string {
  return groups
    .slice(0, MOST_TOLD)
    .flatMap((group) => {
      const settings = settingsOf(group)
      if (settings === undefined) return []
      const share = formatPercent(group.proposal.whole.rate, 3)
      const why = {
        // The log names no cluster.
        ...(by === 'host' ? { cluster: 'the host that was asked: put the name of its cluster here' } : {}),
        timeout: group.proposal.perTry === null ? `cuts at most ${share} in vain` : 'all tries and the waits between them',
        per_try_timeout: `cuts at most ${share} in vain`,
        perTryTimeout: `cuts at most ${share} in vain`,
        retry_on: 'yours to choose: gateway-error is what sees per_try_timeout',
        retryOn: 'yours to choose: gateway-error is what sees perTryTimeout',
      }
      return [istio ? istioFragment({ ...settings, cluster: istioHost(settings.cluster) }, why) : envoyFragment(settings, why)]
    })
    .join('---\n')
}

function settingsOf({ name, proposal: { timeout, perTry, retries } }: TunedGroup): Settings | undefined {
  if (timeout === null) return undefined
  return {
    cluster: printable(name),
    timeout: ms(timeout),
    ...(perTry === null
      ? {}
      : {
          retry_policy: {
            retry_on: ['gateway-error', 'connect-failure', 'refused-stream'],
            num_retries: retries,
            per_try_timeout: ms(perTry),
          },
        }),
  }
}

/** For machines: times in ms, shares from 0 to 1, null where the log does not answer. */
export function trafficJson(groups: readonly TunedGroup[], by: Grouping, lines: { read: number; bad: number }): string {
  const limit = ({ rate, estimate, safe }: Limit) => ({ rate, estimate_ms: estimate, safe_ms: safe })
  return JSON.stringify(
    {
      version: 1,
      by,
      lines,
      groups: groups.map(({ name, traffic, proposal }) => {
        const load = traffic.load()
        return {
          name,
          requests: traffic.requests,
          outcomes: traffic.outcomes,
          retried: traffic.retried,
          load: {
            from: Number.isFinite(load.fromMs) ? new Date(load.fromMs).toISOString() : null,
            per_second: load.perSecond,
            busiest: load.busiest.map(({ overMs, requests }) => ({ over_ms: overMs, requests })),
            mean_in_flight: load.meanInFlight,
            most_in_flight: load.mostInFlight,
          },
          duration_ms: Object.fromEntries([0.5, 0.9, 0.99, 0.999].map((p) => [`p${p * 100}`, traffic.served.quantile(p)])),
          curve: proposal.curve.map(limit),
          proposal: {
            whole: limit(proposal.whole),
            try: limit(proposal.try),
            num_retries: proposal.retries,
            timeout_ms: proposal.timeout,
            per_try_timeout_ms: proposal.perTry,
            samples: proposal.samples,
            samples_needed: proposal.needed,
            cut_share: proposal.cutShare,
          },
        }
      }),
    },
    null,
    2,
  )
}
