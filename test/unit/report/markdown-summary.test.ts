import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderMarkdown } from '../../../src/report/markdown-summary.ts'
import { anyRun } from './any-run.ts'
import { failed, interrupted, neverStarted, outcome, passing, run, scenario } from './sample-run.ts'

test('a failed run: why, the claims with asked and seen, the command, the fault, and its course', () => {
  expect(renderMarkdown(failed({ warnings: ['line 9: this does nothing'] }))).toMatchInlineSnapshot(`
    "### ❌ FAIL: retries stay inside their budget during a brownout

    2 failed, 1 inconclusive, 3 passed · <code>scenarios/brownout.yaml</code>

    - ❌ **brownout · success_rate** <code>scenarios/brownout.yaml:32</code>: 97 of 100 requests were successes; even the upper end of the interval, 98.9%, is below 99%
    - ❌ **brownout · breaker_rejections** <code>scenarios/brownout.yaml:32</code>: 1 request was refused by max_pending_requests, 0 were expected
    - ❔ **recovery · fault_share** <code>scenarios/brownout.yaml:34</code>: no request matched the condition of a fault, so there is nothing to judge

    |  | phase | claim | asked | seen | 95 % interval | n | line |
    | --- | --- | --- | --- | --- | --- | ---: | ---: |
    | ✅ | baseline | <code>success_rate</code> | <code>&#62;= 96%</code> | <code>100%</code> | <code>96.3% .. 100%</code> | 100 | <code>:31</code> |
    | ✅ | baseline | <code>p99</code> | <code>&#60;= 150ms</code> | <code>24ms</code> | <code>24ms .. 24ms</code> | 100 | <code>:31</code> |
    | ❌ | brownout | <code>success_rate</code> | <code>&#62;= 99%</code> | <code>97%</code> | <code>91.5% .. 98.9%</code> | 100 | <code>:32</code> |
    | ❌ | brownout | <code>breaker_rejections</code> | <code>0</code> | <code>1</code> |  | 100 | <code>:32</code> |
    | ✅ | brownout | <code>retry_amplification</code> | <code>&#60;= 1.2</code> | <code>1.02</code> |  | 100 | <code>:32</code> |
    | ❔ | recovery | <code>fault_share</code> | <code>&#62;= 5%</code> | <code>no data</code> |  | 0 | <code>:34</code> |

    \`\`\`sh
    chaos run scenarios/brownout.yaml --seed 7
    \`\`\`

    - ⚠️ line 9: this does nothing

    - ✅ brownout: delay 400ms on inventory, 10% asked: 11 of 104 attempts (10.6%); accepted: 1.9% .. 21.2%

    \`\`\`text
              │baseline           │brownout           │recovery
    requests  ████████████████████████████████████████████████████████████  at most 10/s
    failed    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▁▁▁▂▁▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  at most 20%
    p99       ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▇▂▂▂▃▂█▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂  at most 1.13s
    attempts  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▄▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  at most 1.4 each
              500ms a bar, by when requests were due
    \`\`\`

    <sub>300 requests in 29.9s (10/s), 302 attempts (1.007 each)</sub><br><sub>31.8s in all; seed 7; chaos 0.1.0 (process); Envoy 1.40.0 (PATH); results in <code>chaos-results/2026-11-23T10-00-00-brownout</code></sub>
    "
  `)
})

test('a run that passed says so first, and has no reasons', () => {
  const [head, , counts] = renderMarkdown(run()).split('\n')
  expect(head).toBe('### ✅ PASS: retries stay inside their budget during a brownout')
  expect(counts).toBe('5 passed · <code>scenarios/brownout.yaml</code>')
  expect(renderMarkdown(run())).not.toContain('❌')
})

test('what ended a run stands where the reasons do, with its evidence', () => {
  expect(renderMarkdown(interrupted())).toContain('- ⚠️ interrupted by SIGINT; not finished: brownout, recovery')
  const text = renderMarkdown(neverStarted())
  expect(text).toContain('- ⚠️ envoy was not ready after 10000 ms')
  expect(text).toContain('Unknown field per_try_timout')
})

test('a doubted fault is told of where nothing else says why a run is no pass', () => {
  const base = run({ verdict: { status: 'inconclusive', outcomes: passing } })
  const faults = (base.observations?.faults ?? []).map((fault) => ({ ...fault, doubt: 'it never fired' }))
  const text = renderMarkdown({ ...base, observations: base.observations && { ...base.observations, faults } })
  expect(text).toContain('- ❔ it never fired')
})

const HOSTILE = 'x | `y` <img src=x onerror=alert(1)> @octocat #12 [a](javascript:b) **c**\n\n# heading\n| - |'

test('hostile texts, wherever they stand, make no markup', () => {
  const hostile = [outcome(HOSTILE, HOSTILE, HOSTILE, HOSTILE, { title: HOSTILE, status: 'fail', why: HOSTILE })]
  const text = renderMarkdown(
    run({
      scenario: scenario({ name: HOSTILE, file: HOSTILE }),
      verdict: { status: 'fail', outcomes: hostile },
      warnings: [HOSTILE],
      directory: HOSTILE,
      envoy: { path: HOSTILE, version: HOSTILE, source: HOSTILE },
      observations: { ...(run().observations as NonNullable<ReturnType<typeof run>['observations']>), unsound: [HOSTILE] },
    }),
  )
  const outsideBlocks = text.replaceAll(/^(`{3,})\w+\n[\s\S]*?\n\1$/gm, '')
  expect(outsideBlocks).not.toMatch(/<img|@octocat|#12\b|`y`|\]\(|\*\*c|^# heading/m)
  // Each row of the table has its 8 cells.
  for (const row of outsideBlocks.split('\n').filter((line) => line.startsWith('|'))) expect(row.split('|')).toHaveLength(10)
})

test('a fence in the command does not end its block', () => {
  const text = renderMarkdown(run({ command: ['chaos', 'run', '```\n<b>'] }))
  expect(text).toContain("````sh\nchaos run '``` <b>'\n````")
})

test('whatever a run holds, it fits a comment, and only a pass says so', () => {
  fc.assert(
    fc.property(anyRun, (any) => {
      const text = renderMarkdown(any)
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(60_000)
      expect(text.startsWith('### ')).toBe(true)
      if (text.startsWith('### ✅')) expect(any).toMatchObject({ ended: null, verdict: { status: 'pass' } })
    }),
    { numRuns: 60 },
  )
})

test('a secret of the scenario does not appear', () => {
  expect(
    renderMarkdown(failed({ command: ['chaos', 's3cr3t-t0ken'], scenario: scenario({ name: 'as Bearer s3cr3t-t0ken' }) })),
  ).not.toContain('s3cr3t')
})
