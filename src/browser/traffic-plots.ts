import type { PlotData } from '../page/live-data.ts'
import { type Line, most, type Plot, perSecondOf, sum } from './plot.ts'
import { count, perSecond, rough, time } from './words.ts'

/** What the clients saw, and what was made of it towards the upstreams. */
export function trafficPlots(data: PlotData): Plot[] {
  return [servedPlot(data), ...failurePlot(data), latencyPlot(data), ...heatPlot(data), ...attemptPlots(data)]
}

function servedPlot(data: PlotData): Plot {
  const { offered, served } = data.traffic
  const line = (name: string, colour: string, counts: readonly number[], form: Line['form']): Line => ({
    name,
    colour,
    values: perSecondOf(data, counts),
    form,
    overall: `${count(sum(counts))} ${data.noun}s`,
    show: perSecond,
  })
  return {
    title: 'Offered and served',
    about: `${data.noun}s a second: due, and answered as expected within the deadline of ${time(data.deadline)}`,
    lines: [line('served', 'served', served, 'area'), line('offered', 'offered', offered, 'line')],
    show: rough,
  }
}

function failurePlot(data: PlotData): Plot[] {
  const { failures } = data.traffic
  if (failures.length === 0) return []
  return [
    {
      title: 'Failures by cause',
      about: `${data.noun}s a second that were no success`,
      lines: failures.map(({ cause, count: all, at }, i) => ({
        name: cause,
        colour: `cause-${(i % 8) + 1}`,
        values: perSecondOf(data, at),
        form: 'stacked',
        overall: count(all),
        show: perSecond,
      })),
      show: rough,
    },
  ]
}

function latencyPlot({ traffic, deadline }: PlotData): Plot {
  const names = ['p50', 'p90', 'p99'] as const
  const highest = most(traffic.latency.p99)
  return {
    title: 'Latency',
    about: 'from the due time to the whole answer, of what was answered; by when it was due',
    lines: names.map((name) => ({
      name,
      colour: name,
      values: traffic.latency[name],
      form: 'line',
      overall: `at most ${time(most(traffic.latency[name]))}`,
      show: time,
    })),
    limits: [{ name: `deadline ${time(deadline)}`, value: deadline, isFar: deadline > highest * 20 }],
    isLog: true,
    show: (ms) => time(ms),
  }
}

/** While a run goes on there is none. */
function heatPlot({ noun, traffic }: PlotData): Plot[] {
  if (traffic.heat.length === 0) return []
  return [
    {
      title: 'How latencies are spread',
      about: `the darker, the more ${noun}s; two bands are two kinds of answer`,
      lines: [],
      heat: true,
      isLog: true,
      tall: true,
      show: (ms) => time(ms),
    },
  ]
}

function attemptPlots(data: PlotData): Plot[] {
  const { firstTries, retries, attempts, offered } = data.traffic
  if (sum(attempts) === 0) return []
  const stacked = (name: string, colour: string, counts: readonly number[]): Line => ({
    name,
    colour,
    values: perSecondOf(data, counts),
    form: 'stacked',
    overall: count(sum(counts)),
    show: perSecond,
  })
  const each = attempts.map((made, i) => ((offered[i] ?? 0) === 0 ? null : made / (offered[i] as number)))
  return [
    {
      title: 'Attempts towards the upstreams',
      about: 'attempts a second: what clients asked for, and what retries added to it',
      lines: [stacked('first tries', 'served', firstTries), stacked('retries', 'retry', retries)],
      show: rough,
    },
    {
      title: `Attempts per ${data.noun}`,
      about: 'how far retries multiply the load; below 1 where a breaker refuses',
      lines: [
        {
          name: 'attempts each',
          colour: 'retry',
          values: each,
          form: 'line',
          overall: `${rough(sum(attempts) / sum(offered))} in all, ${rough(most(each))} at most`,
          show: rough,
        },
      ],
      show: rough,
    },
  ]
}
