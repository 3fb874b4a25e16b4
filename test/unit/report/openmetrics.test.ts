import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FAMILIES, type FamilyName, type MetricFamily } from '../../../src/report/metric-families.ts'
import { openMetrics } from '../../../src/report/openmetrics.ts'
import { failed, neverStarted, record, run, scenario } from './sample-run.ts'

// The load of the sample begins at 2026-11-23T10:00:01Z; it lasts 30 s, in steps of 1 s.
const START = Date.parse('2026-11-23T10:00:01Z') / 1000
const lines = (text: Iterable<string>) => [...text].join('').split('\n')
/** The lines of a metric, without their run and with times after the start of the load. */
const of = (all: readonly string[], name: string) =>
  all
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.replace(/run="[^"]*",?/, '').replace(/ (\S+)$/, (_, at) => ` ${Number((Number(at) - START).toFixed(3))}`))

describe('counters', () => {
  const all = lines(openMetrics(failed()))

  test('begin with a zero at the start of their first step, and are sums up to the end of each', () => {
    // 10 requests a second, of which those of 10.0 s to 11.0 s end in that second but for none: each takes 23.5 ms.
    expect(of(all, 'chaos_requests_total').slice(0, 3)).toEqual([
      'chaos_requests_total{phase="baseline",result="success",cause="none"} 0 0',
      'chaos_requests_total{phase="baseline",result="success",cause="none"} 10 1',
      'chaos_requests_total{phase="baseline",result="success",cause="none"} 20 2',
    ])
  })

  test('failures have their cause, at the time when they ended', () => {
    // Request 131 ended at 13.44 s.
    expect(of(all, 'chaos_requests_total').filter((line) => line.includes('refused by'))).toEqual([
      'chaos_requests_total{phase="brownout",result="failure",cause="503 refused by max_pending_requests"} 0 13',
      'chaos_requests_total{phase="brownout",result="failure",cause="503 refused by max_pending_requests"} 1 14',
    ])
  })

  test('breakers, timeouts, retries and faults are those of the calls', () => {
    expect(of(all, 'chaos_breaker_rejections_total').at(-1)).toBe(
      'chaos_breaker_rejections_total{phase="brownout",cluster="inventory",limit="max_pending_requests"} 1 14',
    )
    // Three tries of request 112, and one of 131, were cut, and each of them had met the delay; 112 was tried twice more.
    expect(of(all, 'chaos_timeouts_total').at(-1)).toBe(
      'chaos_timeouts_total{phase="brownout",cluster="inventory",timeout="per_try_timeout"} 4 14',
    )
    expect(of(all, 'chaos_faults_met_total').at(-1)).toBe(
      'chaos_faults_met_total{phase="brownout",cluster="inventory",fault="brownout-1"} 4 14',
    )
    expect(of(all, 'chaos_retries_total').at(-1)).toBe('chaos_retries_total{phase="brownout",cluster="inventory"} 2 12')
  })
})

test('a histogram counts up to each bound, and has only what was answered', () => {
  const base = run()
  const records = [record(0), record(1, { end: 100 + 30 }), record(2, { end: null, status: null, error: 'timeout', success: false })]
  const all = lines(openMetrics({ ...base, observations: base.observations && { ...base.observations, records } }))
  // 23.5 ms and 30 ms: one up to 25 ms, both up to 50 ms; the third was not answered.
  const after = of(all, 'chaos_request_duration_seconds_bucket').filter((line) => line.endsWith(' 1'))
  expect(after.map((line) => /le="(.*?)"} (\d+)/.exec(line)?.slice(1, 3).join(': '))).toEqual([
    '0.005: 0',
    '0.01: 0',
    '0.025: 1',
    '0.05: 2',
    '0.1: 2',
    '0.25: 2',
    '0.5: 2',
    '1.0: 2',
    '2.5: 2',
    '5.0: 2',
    '10.0: 2',
    '+Inf: 2',
  ])
  expect(of(all, 'chaos_request_duration_seconds_count')).toEqual([
    'chaos_request_duration_seconds_count{phase="baseline"} 0 0',
    'chaos_request_duration_seconds_count{phase="baseline"} 2 1',
  ])
  expect(of(all, 'chaos_request_duration_seconds_sum').at(-1)).toBe('chaos_request_duration_seconds_sum{phase="baseline"} 0.0535 1')
})

test('what was never answered is in flight until its deadline, which ends it as a failure', () => {
  const base = run()
  const records = [record(2, { end: null, status: null, error: 'timeout', success: false })]
  const all = lines(openMetrics({ ...base, observations: base.observations && { ...base.observations, records } }))
  // Sent at 0.2 s; the deadline of 1 s counts from the due time.
  expect(of(all, 'chaos_requests_in_flight').slice(0, 3)).toEqual([
    'chaos_requests_in_flight{} 1 1',
    'chaos_requests_in_flight{} 0 2',
    'chaos_requests_in_flight{} 0 3',
  ])
})

test('a run that never started says what it was, and ends the document all the same', () => {
  const all = lines(openMetrics(neverStarted()))
  expect(all.filter((line) => line.startsWith('chaos_'))).toHaveLength(1)
  expect(all[2]).toMatch(/^chaos_run_info\{run="[^"]+",scenario="[^"]+",.*ending="error"\} 1 /)
  expect(all.slice(-2)).toEqual(['# EOF', ''])
})

test('a label cannot be left, and holds no secret', () => {
  const text = [...openMetrics(run({ scenario: scenario({ name: 'a"} 1\n# EOF \\ Bearer s3cr3t-t0ken' }) }))].join('')
  expect(text).toContain('scenario="a\\"} 1 # EOF \\\\ ***"')
  expect(text).not.toContain('s3cr3t')
})

describe('the dashboard for Grafana', () => {
  const dashboard = readFileSync(join(import.meta.dirname, '../../../grafana/chaos.json'), 'utf8')
  const { panels, templating } = JSON.parse(dashboard) as {
    panels: { title: string; targets: { expr: string; legendFormat: string }[] }[]
    templating: { list: { name: string; definition?: string }[] }
  }
  const SUFFIXES: Record<MetricFamily['type'], readonly string[]> = {
    counter: ['_total'],
    gauge: [''],
    histogram: ['_bucket', '_count', '_sum'],
    info: ['_info'],
  }
  /** Every name that the exporter can write, with its labels. */
  const known = new Map<string, readonly string[]>(
    (Object.entries(FAMILIES) as [FamilyName, MetricFamily][]).flatMap(([name, { type, labels }]) =>
      SUFFIXES[type].map((suffix) => [`${name}${suffix}`, ['run', ...labels, ...(suffix === '_bucket' ? ['le'] : [])]] as const),
    ),
  )
  const targets = panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })))

  test.each(targets)('$title: $expr asks for names and labels that there are', ({ expr, legendFormat }) => {
    const names = expr.match(/chaos_\w+/g) ?? []
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) expect([...known.keys()]).toContain(name)
    const matched = [...expr.matchAll(/(chaos_\w+)\{(.*?)\}/g)].flatMap(([, name = '', inner = '']) =>
      [...inner.matchAll(/(\w+)=/g)].map(([, label = '']) => ({ name, label })),
    )
    for (const { name, label } of matched) expect(known.get(name)).toContain(label)
    const grouped = [...expr.matchAll(/by \((.*?)\)/g)].flatMap(([, labels = '']) => labels.split(', '))
    for (const label of grouped) for (const name of names) expect(known.get(name)).toContain(label)
    // A legend can name only what is left of the labels.
    const left = grouped.length > 0 ? grouped : expr.includes('sum(') ? [] : (known.get(names[0] as string) ?? [])
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(left).toContain(label)
  })

  test('shows every family, each of them of one run', () => {
    const shown = targets.map(({ expr }) => expr).join('\n')
    for (const name of Object.keys(FAMILIES)) expect(shown).toContain(name)
    for (const { expr } of targets) expect(expr.match(/\{/g)).toHaveLength(expr.match(/run="\$run"/g)?.length ?? 0)
    expect(templating.list.find(({ name }) => name === 'run')?.definition).toBe('label_values(chaos_run_info, run)')
  })
})
