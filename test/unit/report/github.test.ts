import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { errorAnnotations, MOST_SHOWN, runAnnotations, workflowCommand } from '../../../src/report/github.ts'
import { anyRun } from './any-run.ts'
import { failed, interrupted, outcome, passing, run, scenario } from './sample-run.ts'

/** As the runner reads a command: the first `::` after the properties ends them; of properties and message, what was escaped is taken back. */
function read(command: string) {
  const [, level, properties = '', message = ''] = /^::(\w+) (.*?)::(.*)$/.exec(command) ?? []
  const back = (text: string) => text.replace(/%(0D|0A|3A|2C|25)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const named = properties.split(',').map((each) => [each.slice(0, each.indexOf('=')), back(each.slice(each.indexOf('=') + 1))])
  return { level, ...Object.fromEntries(named), message: back(message) }
}

describe('a workflow command', () => {
  test('has its properties and message escaped as the runner takes them back', () => {
    const annotation = { level: 'error', file: 'a,b:c%.yaml', line: 3, col: 7, title: 'x::y', message: '100 % of\r\n::it, all' } as const
    expect(workflowCommand(annotation)).toBe('::error file=a%2Cb%3Ac%25.yaml,line=3,col=7,title=x%3A%3Ay::100 %25 of%0D%0A::it, all')
  })

  test('is one line, and reads as what it was, whatever it says', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', ',', '%', '\n', '\r', '=', ' ', '%0A', '::', '✗') })
    fc.assert(
      fc.property(text, text, text, (file, title, message) => {
        const command = workflowCommand({ level: 'warning', file, line: 1, col: 2, title, message })
        expect(command).not.toMatch(/[\r\n]/)
        expect(read(command)).toEqual({ level: 'warning', file, line: '1', col: '2', title, message })
      }),
    )
  })
})

test('each claim that failed, and then each that is open, at its line and column', () => {
  expect(runAnnotations(failed()).map(({ line, col, title }) => `${line}:${col} ${title}`)).toEqual([
    '32:5 failed: brownout · success_rate',
    '32:25 failed: brownout · breaker_rejections',
    '34:5 inconclusive: recovery · fault_share',
  ])
  expect(runAnnotations(failed())[0]).toMatchObject({
    level: 'error',
    file: 'scenarios/brownout.yaml',
    message: 'asked >= 99%, seen 97%\n97 of 100 requests were successes; even the upper end of the interval, 98.9%, is below 99%',
  })
})

test('a run that passed has none', () => {
  expect(runAnnotations(run())).toEqual([])
})

test('what ended a run is told at its file', () => {
  expect(runAnnotations(interrupted())).toEqual([
    {
      level: 'error',
      file: 'scenarios/brownout.yaml',
      line: 1,
      title: 'interrupted',
      message: 'interrupted by SIGINT; not finished: brownout, recovery',
    },
  ])
})

test('whatever a run holds: no pass has an annotation, and all else has one', () => {
  fc.assert(
    fc.property(anyRun, (any) => {
      const passed = any.ended === null && any.verdict.status === 'pass'
      const annotations = runAnnotations(any)
      if (!passed) expect(annotations.length).toBeGreaterThan(0)
      expect(annotations.length).toBeLessThanOrEqual(MOST_SHOWN)
    }),
  )
})

test('of more than GitHub shows the last one says how many there are', () => {
  const many = Array.from({ length: 12 }, (_, i) => outcome('baseline', 'p99', '<= 1s', '2s', { status: 'fail', why: `reason ${i}` }))
  const annotations = runAnnotations(run({ verdict: { status: 'fail', outcomes: many } }))
  expect(annotations).toHaveLength(10)
  // 9 are shown as they are; the 10th stands for itself, the 11th and the 12th.
  expect(annotations[9]?.message).toMatch(/^3 more, of which this is the first: /)
})

test('an inconclusive run whose claims all passed is told all the same', () => {
  expect(runAnnotations(run({ verdict: { status: 'inconclusive', outcomes: passing } }))).toMatchObject([
    { level: 'error', message: 'the verdict is inconclusive' },
  ])
})

test('each problem of a scenario stands at its place, with its hint', () => {
  const error = new ChaosError('badInput', 'two problems', {
    problems: [
      { file: 'a.yaml', line: 3, col: 7, message: 'unknown key', hint: 'did you mean rate?' },
      { file: 'b.yaml', line: 1, col: 1, message: 'empty' },
    ],
  })
  expect(errorAnnotations(error)).toEqual([
    { level: 'error', file: 'a.yaml', line: 3, col: 7, title: 'chaos', message: 'unknown key\nhint: did you mean rate?' },
    { level: 'error', file: 'b.yaml', line: 1, col: 1, title: 'chaos', message: 'empty' },
  ])
})

test('an error without a place is one of the job, with what it tells', () => {
  const error = new ChaosError('environment', 'no Envoy', { detail: ['not on PATH'], hint: 'see chaos doctor' })
  expect(errorAnnotations(error)).toEqual([{ level: 'error', title: 'chaos', message: 'no Envoy\nnot on PATH\nhint: see chaos doctor' }])
})

test('a secret of the scenario does not appear', () => {
  const secret = [outcome('baseline', 'p99', '<= 1s', '2s', { status: 'fail', why: 'for Bearer s3cr3t-t0ken' })]
  const annotations = runAnnotations(run({ scenario: scenario(), verdict: { status: 'fail', outcomes: secret } }))
  expect(JSON.stringify(annotations)).not.toContain('s3cr3t')
})
