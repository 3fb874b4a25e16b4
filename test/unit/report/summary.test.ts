import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cells } from '../../../src/report/layout.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import type { Ms } from '../../../src/units.ts'
import { anyRun } from './any-run.ts'
import { evidence, failed, failing, neverStarted, outcome, passing, plan, record, records, run, scenario } from './sample-run.ts'

const plain = { color: false, width: 80 }

const observations = () => run().observations as NonNullable<ReturnType<typeof run>['observations']>
const lines = (text: string) => text.split('\n')

describe('the table of expectations', () => {
  test('keeps its columns under one another with wide names', () => {
    const outcomes = [
      outcome('基準', 'success_rate', '>= 99%', '100%'),
      outcome('基準', 'p99', '<= 150ms', '24ms', { title: '基準 · given 🐢 · p99' }),
      outcome('brownout', 'breaker_rejections.max_pending_requests', '0', '0', {
        title: 'brownout · request GET /items · breaker_rejections.max_pending_requests',
      }),
    ]
    const text = renderSummary(run({ verdict: { status: 'pass', outcomes } }), plain)
    expect(lines(text).slice(0, 7).join('\n')).toMatchInlineSnapshot(`
      "EXPECTATIONS          asked     seen      n
        brownout
          ✓ request GET /items · breaker_rejections.max_pending_requests
                            0         0       100
        基準
          ✓ success_rate    >= 99%    100%    100
          ✓ given 🐢 · p99  <= 150ms  24ms    100"
    `)
  })

  test('puts a title of the user beside its phase', () => {
    expect(renderSummary(run(), plain)).toContain('\n  recovery · the shop is well again\n    ✓ recovers_within ')
  })

  test('of 200 expectations shows at most 40 lines, and all that failed', () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      outcome(i % 2 === 0 ? 'baseline' : 'brownout', `status.${i}`, '<= 1%', '0%', i % 50 === 7 ? { status: 'fail', why: 'no' } : {}),
    )
    const table = renderSummary(run({ verdict: { status: 'fail', outcomes: many } }), plain).split('\n\n')[0] as string
    expect(lines(table).length).toBeLessThanOrEqual(41)
    expect(table.match(/✗/g)).toHaveLength(4)
    expect(lines(table).at(-1)).toBe('    … 163 more, see results.json')
  })
})

describe('what happened', () => {
  const told = (setting?: string) => ({
    phase: 'brownout',
    fromMs: 0,
    toMs: 1,
    text: 'tries; were cut',
    ...(setting === undefined ? {} : { setting }),
  })
  const section = (text: string) => text.split('\n\n').find((part) => part.startsWith('WHAT HAPPENED'))

  test('stands before the verdict, with a sign at what blames a setting, four sentences at most', () => {
    const happened = [told('envoy.routes[0].timeout'), ...Array.from({ length: 5 }, () => told())]
    const text = renderSummary(failed({ happened }), plain)
    expect(section(text)).toBe(['WHAT HAPPENED', '  ! tries; were cut', ...Array(3).fill('  · tries; were cut')].join('\n'))
    expect(text.split('\n\n').at(-2)).toBe(section(text))
    expect(section(renderSummary(failed(), plain))).toBeUndefined()
  })

  test('of a setting takes the place of how it went otherwise than predicted', () => {
    const slow = {
      observations: { ...observations(), records: records.map((each) => (each.phase === 0 ? { ...each, success: false } : each)) },
    }
    expect(renderSummary(failed({ ...slow, happened: [told()] }), plain)).toContain('OTHERWISE THAN PREDICTED')
    expect(renderSummary(failed({ ...slow, happened: [told('envoy.routes[0].timeout')] }), plain)).not.toContain('OTHERWISE')
  })
})

describe('its course over the time', () => {
  const section = (text: string) => text.split('\n\n').find((part) => part.startsWith('OVER TIME'))

  test('stands below its phases, in small plots that fit 80 cells', () => {
    // 1 s a bar: 10 requests each. r-112 (3 tries), r-131 and r-140 fail; 12 attempts of the 10 requests due from 11 s on.
    expect(section(renderSummary(failed(), { ...plain, plots: true }))).toMatchInlineSnapshot(`
      "OVER TIME   │baseline │brownout │recovery
        requests  ██████████████████████████████  at most 10/s
        failed    ▁▁▁▁▁▁▁▁▁▁▁▂▁▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  at most 10%
        p99       ▂▂▂▂▂▂▂▂▂▂▂▇▂▃█▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂  at most 1.13s
        attempts  ▁▁▁▁▁▁▁▁▁▁▁▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  at most 1.2 each
                  1s a bar, by when requests were due"
    `)
  })

  test('is left out where bars cannot be shown, or have too little room', () => {
    for (const look of [plain, { ...plain, plots: false }, { color: false, width: 50, plots: true }])
      expect(section(renderSummary(failed(), look))).toBeUndefined()
  })

  test('leaves a run that passed within 40 lines of 80 cells', () => {
    expect(lines(renderSummary(run(), { ...plain, plots: true })).length).toBeLessThanOrEqual(40)
  })
})

describe('whatever a run holds', () => {
  test('no line is wider than the terminal', () => {
    fc.assert(
      fc.property(anyRun, fc.integer({ min: 40, max: 160 }), (any, width) => {
        for (const line of lines(renderSummary(any, { color: false, width, plots: true })))
          expect(cells(line), line).toBeLessThanOrEqual(width)
      }),
      { numRuns: 300 },
    )
  })

  test('it prints no undefined, NaN, Infinity or [object Object]', () => {
    fc.assert(
      fc.property(anyRun, (any) => {
        expect(renderSummary(any, plain)).not.toMatch(/undefined|NaN|Infinity|\[object/)
      }),
      { numRuns: 300 },
    )
  })

  test('colour changes nothing but the colour', () => {
    const stripped = stripVTControlCharacters(renderSummary(failed(), { color: true, width: 80, plots: true }))
    expect(lines(stripped).slice(0, -1)).toEqual(lines(renderSummary(failed(), { ...plain, plots: true })).slice(0, -1))
    expect(lines(stripped).at(-1)).toMatch(/^ FAIL {2}retries stay/)
  })

  test('what the app said is pointed at where not all is well, and its last lines were not shown already', () => {
    const app = {
      container: undefined,
      command: ['shop'],
      env: {},
      port: undefined,
      runWithin: undefined,
      ready: { by: 'port' },
      readyWithin: 10_000 as Ms,
      idHeader: undefined,
    } as const
    const withApp = { plan: { ...plan, app } }
    const said = /^ {2}app said {2}\S+\/logs\/app\.log$/m
    expect(renderSummary(failed(withApp), plain)).toMatch(said)
    expect(renderSummary(failed(), plain)).not.toContain('app said')
    expect(renderSummary(run(withApp), plain)).not.toContain('app said')
    expect(renderSummary({ ...neverStarted(), ...withApp }, plain)).not.toContain('app said')
  })

  test('a secret of the scenario does not appear, wherever it was quoted', () => {
    const leaky = failed({
      warnings: ['sent Bearer s3cr3t-t0ken'],
      command: ['chaos', '--header', 's3cr3t-t0ken'],
      verdict: {
        status: 'fail',
        outcomes: [
          outcome('baseline', 'p99', '<= 1ms', '2ms', { title: 'given Bearer s3cr3t-t0ken', status: 'fail', why: 's3cr3t-t0ken was slow' }),
        ],
      },
    })
    expect(renderSummary(leaky, plain)).not.toContain('s3cr3t')
  })

  test('an escape sequence from outside cannot reach the terminal', () => {
    const hostile = failed({ scenario: scenario({ name: 'a\u001b[2Jb\u009bc\u202ed' }), warnings: ['x\u001b]0;title\u0007y\nz'] })
    expect(renderSummary(hostile, plain)).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
  })
})

test('a reason that several claims share is told once, below all of them', () => {
  const starved = (metric: string) => outcome('brownout', metric, '0', '0', { status: 'inconclusive', why: 'the machine was busy' })
  const outcomes = [starved('success_rate'), starved('p99'), { ...starved('retries'), why: 'something else' }]
  const text = renderSummary(run({ verdict: { status: 'inconclusive', outcomes } }), plain)
  expect(text.split('the machine was busy').length - 1).toBe(1)
  expect(text).toMatch(/\? brownout · success_rate.*\n.*\? brownout · p99.*\n\s+the machine was busy/)
})

test('more than three examples in all are not told', () => {
  const outcomes = failing.map((each) => (each.status === 'fail' ? { ...each, examples: ['r-1', 'r-2', 'r-3'] } : each))
  expect(renderSummary(run({ verdict: { status: 'fail', outcomes } }), plain).match(/^ {2}r-\d+ GET/gm)).toHaveLength(3)
})

test('each failed outcome has its first example told before any has a second', () => {
  const withExamples = (...examples: string[]) => outcome('brownout', 'p99', '<= 1ms', '2ms', { status: 'fail', why: 'slow', examples })
  const text = renderSummary(
    run({ verdict: { status: 'fail', outcomes: [withExamples('r-1', 'r-2', 'r-3'), withExamples('r-4', 'r-5')] } }),
    plain,
  )
  expect(text.match(/r-\d+(?= GET)/g)).toEqual(['r-1', 'r-4', 'r-2'])
})

test('where claims failed, none but their examples are told', () => {
  const claim = (status: 'fail' | 'inconclusive', ...examples: string[]) =>
    outcome('brownout', 'p99', '<= 1ms', '2ms', { status, why: status, examples })
  const text = renderSummary(
    run({ verdict: { status: 'fail', outcomes: [claim('inconclusive', 'r-1', 'r-2'), claim('fail', 'r-3', 'r-4')] } }),
    plain,
  )
  expect(text.match(/r-\d+(?= GET)/g)).toEqual(['r-3', 'r-4'])
})

test('a reason names the metric whole, however long the name of the claim is', () => {
  const title = 'without a limit of its own the queue grows, and everybody waits'
  const outcomes = [outcome('brownout', 'breaker_rejections.max_pending_requests', '0', '1', { status: 'fail', why: 'no', title })]
  const text = renderSummary(run({ verdict: { status: 'fail', outcomes } }), plain)
  expect(text).toContain(`  ✗ ${title} ·\n    breaker_rejections.max_pending_requests\n    scenarios/brownout.yaml:31\n    no`)
})

test('an example that was not recorded is passed over', () => {
  const outcomes = [outcome('brownout', 'p99', '<= 1ms', '2ms', { status: 'fail', why: 'slow', examples: ['nobody'] })]
  expect(renderSummary(run({ verdict: { status: 'fail', outcomes } }), plain)).not.toContain('nobody')
})

test('a command that is longer than the line is broken so that a shell reads it back', () => {
  const text = renderSummary(
    run({ command: ['chaos', 'run', "it's a long name of a scenario.yaml", '--out', 'chaos-results/somewhere/else', '--seed', '7'] }),
    plain,
  )
  expect(text).toContain(`  again     chaos run 'it'\\''s a long name of a scenario.yaml' --out \\
              chaos-results/somewhere/else --seed 7`)
})

test('the sources of a fault are shown with the place, the replica and the condition', () => {
  const fault = {
    ...plan.faults[0],
    replicas: [2],
    action: { kind: 'abort', value: 503 },
    when: [
      { name: 'x-user', op: 'exact', text: 'jason' },
      { name: 'cookie', op: 'exact', text: 'sid=1' },
    ],
  } as (typeof plan.faults)[number]
  const text = renderSummary(run({ plan: { ...plan, faults: [fault] } }), { color: false, width: 120 })
  expect(text).toContain('brownout: abort 503 on inventory/2 when x-user: jason, cookie: ***, 10% asked: 11 of 104 attempts (10.6%);')
})

test('faults of one kind at one place are counted together, and that is said', () => {
  const [first] = plan.faults
  const faults = [first, { ...first, id: 'brownout-2', percent: 5 }] as typeof plan.faults
  const both = {
    ...observations(),
    faults: [evidence({ counted: 16, inferred: 16 }), evidence({ id: 'brownout-2', met: 5, counted: 16, inferred: 16 })],
  }
  const text = renderSummary(run({ plan: { ...plan, faults }, observations: both }), plain)
  expect(text.match(/counted by Envoy 16, inferred from the stub 16,\s+with the\s+other delay there/g)).toHaveLength(2)
})

test('a run of 300 requests with two expectations fits one screen, where its breakers tell nothing', () => {
  expect(records).toHaveLength(300)
  const quiet = { ...observations(), records: records.filter(({ calls }) => calls.every(({ egress }) => egress.status === 200)) }
  expect(lines(renderSummary(run({ verdict: { status: 'pass', outcomes: passing }, observations: quiet }), plain)).length).toBeLessThan(24)
})

describe('attempts in the totals', () => {
  const loadOf = (...changed: Parameters<typeof record>[1][]) => {
    const { observations } = run()
    const own = changed.map((changes, i) => record(i, changes))
    return /load +(.*)/.exec(
      renderSummary(run({ observations: observations && { ...observations, records: own } }), { ...plain, width: 200 }),
    )?.[1]
  }
  const known = {}
  const unknown = { joined: false, calls: [] }

  test('are counted where all calls are known', () =>
    expect(loadOf(known, { joined: true, calls: [] })).toContain('2 requests in 29.9s (0.1/s), 1 attempt (0.500 each)'))
  test('are the least that there were where some are not', () =>
    expect(loadOf(known, unknown)).toContain('at least 1 attempt: of 1 request not all calls to Envoy are known'))
  test('are not known where no call is', () =>
    expect(loadOf(unknown, unknown)).toContain('attempts not known: of no request all calls to Envoy are known'))
})
