import { describe, expect, test } from 'vitest'
import { describeRun } from '../../../src/evidence/describe-run.ts'
import { hideSecrets } from '../../../src/evidence/hide-secrets.ts'
import { otherExperiment } from '../../../src/evidence/same-experiment.ts'
import { restoreScenario } from '../../../src/evidence/stored-scenario.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'

const RUN = `name: as it was run
seed: 7
upstreams: { shop: { latency: { samples: ./times.txt } } }
envoy: { routes: [{ match: { prefix: / }, cluster: shop, timeout: 1s }] }
load:
  rate: 100/s
  requests:
    - { GET: /a, headers: { authorization: first-secret } }
    - { GET: /b, headers: { authorization: other-secret } }
phases:
  - { name: only, for: 5s, faults: [{ cluster: shop, delay: 100ms, when: { header: { authorization: first-secret } } }] }
  - { name: rising, for: 5s, faults: [{ cluster: shop, abort: 500, percent: { from: 0, to: 50 } }] }
  - { name: mixed, for: 5s, faults: [{ cluster: shop, abort: { 503: 5, 429: 1 } }] }
expect: [{ success_rate: ">= 50%" }]
`

/** Problems of a scenario that differs in this, as `line:col message`. */
function problemsOf(changes: Readonly<Record<string, string>>, { seed = 7, samples = '1\n2\n' } = {}): string[] {
  const read = (text: string, times: string) => parseScenario(text, 'other.yaml', () => times)
  const ran = { ...read(RUN, '1\n2\n'), seed }
  const { document } = hideSecrets(ran)
  const stored = describeRun(
    { scenario: ran, plan: compilePlan(ran) },
    { chaosVersion: '0', runtime: 'process', command: [], warnings: [], startedAt: new Date(0) },
    { document, mask: (text) => text },
  )
  let text = RUN
  for (const [from, to] of Object.entries(changes)) {
    expect(text).toContain(from)
    text = text.replaceAll(from, to)
  }
  const found = otherExperiment({ ...stored, end: null }, restoreScenario(stored.scenario, stored.seed), read(text, samples))
  return found.map(({ line, col, message }) => `${line}:${col} ${message}`)
}

describe('the same experiment', () => {
  test.each([
    ['as it is', {}],
    ['with another name, description and claims', { 'as it was run': 'another name\ndescription: new', '>= 50%': '<= 10%' }],
    ['with the same in other words', { 'timeout: 1s': 'timeout: 1000ms', 'delay: 100ms': 'delay: 100ms, percent: 100' }],
    ['with its seed left out', { 'seed: 7\n': '' }],
    ['with the samples in a file of another name', { './times.txt': './moved.txt' }],
    ['with secrets that were renewed', { 'first-secret': 'newer-secret' }],
  ])('%s', (_, changes) => {
    expect(problemsOf(changes)).toEqual([])
  })

  test('with the seed of its file, where the command line had another', () => {
    expect(problemsOf({}, { seed: 8 })).toEqual([])
    expect(problemsOf({ 'seed: 7': 'seed: 8' }, { seed: 8 })).toEqual([])
  })
})

describe('another experiment is told at its place', () => {
  test.each([
    ['a value', { 'timeout: 1s': 'timeout: 2s' }, '4:67 envoy.routes[0].timeout: the run had "1s" here'],
    [
      'a key that is new',
      { 'delay: 100ms': 'delay: 100ms, percent: 50' },
      '11:77 phases[0].faults[0].percent: the run had the default here',
    ],
    ['a key that is gone', { ', timeout: 1s': '' }, '4:19 envoy.routes[0].timeout: the run had "1s" here'],
    [
      'a list of another length',
      { '    - { GET: /b, headers: { authorization: other-secret } }\n': '' },
      '7:3 load.requests: the run had a list here',
    ],
    ['a ramp', { 'to: 50': 'to: 60' }, '12:92 phases[1].faults[0].percent.to: the run had 50 here'],
    ['no ramp', { '{ from: 0, to: 50 }': '20' }, '12:77 phases[1].faults[0].percent: the run had a map here'],
    [
      'a ramp in place of a percentage of all',
      { 'delay: 100ms': 'delay: 100ms, percent: { from: 0, to: 9 }' },
      '11:77 phases[0].faults[0].percent: the run had the default here',
    ],
    ['several statuses', { '503: 5': '503: 6' }, '13:62 phases[2].faults[0].abort: the run had a map here'],
    ['one status', { '{ 503: 5, 429: 1 }': '503, percent: 5' }, '13:62 phases[2].faults[0].abort: the run had a map here'],
    ['a seed', { 'seed: 7': 'seed: 8' }, '2:7 seed: the run had 7 here'],
  ])('%s', (_, changes, problem) => {
    expect(problemsOf(changes as unknown as Record<string, string>)).toEqual([problem])
  })

  test('samples', () => {
    expect(problemsOf({}, { samples: '1\n3\n' })).toEqual([expect.stringContaining('upstreams.shop.latency.samples')])
  })

  test('two secrets that were different and are one now', () => {
    expect(problemsOf({ 'other-secret': 'first-secret' })).toEqual([
      expect.stringContaining('load.requests[1].headers.authorization: the run had another value here'),
    ])
  })
})
