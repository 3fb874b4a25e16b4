import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderJunit } from '../../../src/report/junit.ts'
import { anyRun } from './any-run.ts'
import { failed, interrupted, neverStarted, outcome, passing, run, scenario } from './sample-run.ts'

test('a failed run: failures with their stories, an error for what could not be judged', () => {
  expect(renderJunit(failed())).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="chaos" time="31.84" tests="6" failures="2" errors="1">
      <testsuite name="retries stay inside their budget during a brownout" timestamp="2026-11-23T10:00:00.000Z" time="31.84" tests="6" failures="2" errors="1" skipped="0" file="scenarios/brownout.yaml">
        <properties>
          <property name="run" value="2026-11-23T10-00-00-brownout"/>
          <property name="seed" value="7"/>
          <property name="envoy" value="1.40.0 (PATH)"/>
          <property name="runtime" value="process"/>
          <property name="chaos" value="0.1.0"/>
          <property name="command" value="chaos run scenarios/brownout.yaml --seed 7"/>
          <property name="fault.brownout-1" value="delay 400ms on inventory, 10% asked: 11 of 104 attempts (10.6%); accepted: 1.9% .. 21.2%; counted by Envoy 11, inferred from the stub 11"/>
        </properties>
        <testcase classname="scenarios.brownout" name="baseline · success_rate" time="5" file="scenarios/brownout.yaml" line="31"/>
        <testcase classname="scenarios.brownout" name="baseline · p99" time="5" file="scenarios/brownout.yaml" line="31"/>
        <testcase classname="scenarios.brownout" name="brownout · success_rate" time="3.333" file="scenarios/brownout.yaml" line="32">
          <failure message="97 of 100 requests were successes; even the upper end of the interval, 98.9%, is below 99%" type="expectation"><![CDATA[scenarios/brownout.yaml:32:5
    asked success_rate >= 99%, seen 97%, interval 91.5% .. 98.9% (n = 100)

    r-112 GET /items/42, due at 11.200 s: 504 after 962 ms (not a success: status)
      +1 ms    try 1 → inventory/2  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +301 ms  back-off of 18 ms
      +319 ms  try 2 → inventory/1  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +619 ms  back-off of 42 ms
      +661 ms  try 3 → inventory/2  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +962 ms  Envoy answered 504, upstream_per_try_timeout (URX,UT); the limit is envoy.routes[0].retry_policy.per_try_timeout; it watches the response

    r-131 GET /items/42, due at 13.100 s: 503 after 340 ms (not a success: status)
      +12 ms   sent, late by 12 ms
      +13 ms   try 1 → inventory/1  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +339 ms  refused: the circuit breaker's max_pending_requests was reached when it was retried
      +339 ms  Envoy answered 503, upstream_reset_before_response_started{overflow} (UO)

    r-140 GET /items/42, due at 14.000 s: 200 after 1130 ms (not a success: later than the deadline of 1s)
      +1 ms     try 1 → inventory/1  200 after 1128 ms; waited 1107 ms in the stub's queue (4 busy, 31 waiting)
      +1130 ms  Envoy answered 200, via_upstream]]></failure>
          <system-out><![CDATA[again: chaos run scenarios/brownout.yaml --seed 7
    results: chaos-results/2026-11-23T10-00-00-brownout]]></system-out>
        </testcase>
        <testcase classname="scenarios.brownout" name="brownout · breaker_rejections" time="3.333" file="scenarios/brownout.yaml" line="32">
          <failure message="1 request was refused by max_pending_requests, 0 were expected" type="expectation"><![CDATA[scenarios/brownout.yaml:32:25
    asked breaker_rejections 0, seen 1 (n = 100)

    r-131 GET /items/42, due at 13.100 s: 503 after 340 ms (not a success: status)
      +12 ms   sent, late by 12 ms
      +13 ms   try 1 → inventory/1  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it
      +339 ms  refused: the circuit breaker's max_pending_requests was reached when it was retried
      +339 ms  Envoy answered 503, upstream_reset_before_response_started{overflow} (UO)]]></failure>
          <system-out><![CDATA[again: chaos run scenarios/brownout.yaml --seed 7
    results: chaos-results/2026-11-23T10-00-00-brownout]]></system-out>
        </testcase>
        <testcase classname="scenarios.brownout" name="brownout · retry_amplification" time="3.333" file="scenarios/brownout.yaml" line="32"/>
        <testcase classname="scenarios.brownout" name="recovery · fault_share" time="10" file="scenarios/brownout.yaml" line="34">
          <error message="no request matched the condition of a fault, so there is nothing to judge" type="inconclusive"><![CDATA[scenarios/brownout.yaml:34:5
    asked fault_share >= 5%, seen no data (n = 0)]]></error>
          <system-out><![CDATA[again: chaos run scenarios/brownout.yaml --seed 7
    results: chaos-results/2026-11-23T10-00-00-brownout]]></system-out>
        </testcase>
        <system-out><![CDATA[again: chaos run scenarios/brownout.yaml --seed 7
    results: chaos-results/2026-11-23T10-00-00-brownout]]></system-out>
      </testsuite>
    </testsuites>"
  `)
})

test('an interrupted run has an error case beside what was judged', () => {
  const xml = renderJunit(interrupted())
  expect(xml).toContain('tests="2" failures="0" errors="1"')
  expect(xml).toContain('<error message="interrupted by SIGINT; not finished: brownout, recovery" type="interrupt"/>')
})

test('a run that never started is an error with its evidence, not an empty green suite', () => {
  const xml = renderJunit(neverStarted())
  expect(xml).toContain('tests="1" failures="0" errors="1"')
  expect(xml).toContain('<![CDATA[[critical] error initializing configuration: Unknown field per_try_timout\nhint: see chaos doctor]]>')
})

test('a run whose evidence is unsound is never green, though each outcome passed', () => {
  const xml = renderJunit(run({ verdict: { status: 'inconclusive', outcomes: passing } }))
  expect(xml).toContain('errors="1"')
  expect(xml).toContain('<error message="the verdict is inconclusive" type="inconclusive"/>')
})

test('cases of the same title and metric are told apart by their place in the document', () => {
  const twice = [
    outcome('baseline', 'p99', '<= 1s', '2ms', { expectation: 0 }),
    outcome('baseline', 'p99', '<= 2s', '2ms', { expectation: 3 }),
  ]
  const names = [...renderJunit(run({ verdict: { status: 'pass', outcomes: twice } })).matchAll(/<testcase .*? name="(.*?)"/g)].map(
    ([, name]) => name,
  )
  expect(names).toEqual(['baseline · p99 (expect[0])', 'baseline · p99 (expect[3])'])
})

test('cases of one expectation that asks the same of several texts are told apart by what is asked', () => {
  const twice = ['stock', 'items'].map((asked) => outcome('baseline', 'body.contains', asked, '20 of 20', { expectation: 1 }))
  const xml = renderJunit(run({ verdict: { status: 'pass', outcomes: twice } }))
  for (const asked of ['stock', 'items']) expect(xml).toContain(`name="baseline · body.contains (expect[1]: ${asked})"`)
})

test('hostile names stay text', () => {
  const name = 'a\u0000\u0008\u000b\u001b[31mb\ud800c\ufffe<d> & "e" ]]>'
  const hostile = [outcome('baseline', 'p99', '<= 1s', '2s', { title: name, status: 'fail', why: name })]
  const xml = renderJunit(run({ scenario: scenario({ name }), verdict: { status: 'fail', outcomes: hostile } }))
  expect(xml).toContain('<testsuite name="ab�c&lt;d> &amp; &quot;e&quot; ]]>"')
  expect(xml).toContain('<failure message="ab�c&lt;d> &amp; &quot;e&quot; ]]>"')
})

test('whatever a run holds, the document has only characters of XML 1.0, and counts as many cases as it has', () => {
  fc.assert(
    fc.property(anyRun, (any) => {
      const xml = renderJunit(any)
      expect(xml.isWellFormed()).toBe(true)
      expect(xml).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u)
      const outsideText = xml.replaceAll(/<!\[CDATA\[.*?\]\]>/gs, '')
      expect(outsideText.match(/<testcase /g)?.length ?? 0).toBe(Number(/tests="(\d+)"/.exec(xml)?.[1]))
      expect(outsideText).not.toMatch(/="(undefined|NaN|Infinity|\[object Object\])"/)
    }),
    { numRuns: 200 },
  )
})

test('only a run that passed is without failure and error', () => {
  fc.assert(
    fc.property(anyRun, (any) => {
      const green = /^<testsuites .*failures="0" errors="0"/m.test(renderJunit(any))
      if (green) expect(any).toMatchObject({ ended: null, verdict: { status: 'pass' } })
    }),
  )
})

test('a secret of the scenario does not appear', () => {
  expect(renderJunit(failed({ command: ['chaos', 's3cr3t-t0ken'], scenario: scenario({ name: 'as Bearer s3cr3t-t0ken' }) }))).not.toContain(
    's3cr3t',
  )
})

describe('as Jenkins and GitLab have it', () => {
  test('cases stand under the path of their scenario: a dot in a folder or a name is no package', () => {
    const xml = renderJunit(run({ scenario: scenario({ file: './v1.2/brownout.yaml', name: 'v1. it holds' }) }))
    expect([...new Set(xml.match(/classname="[^"]*"/g))]).toEqual(['classname="v1_2.brownout"'])
    expect(xml).toContain('<testsuite name="v1. it holds"')
  })

  test('the times of cases add up to those of the phases that are claimed about', () => {
    // Baseline and brownout have two claims each, of phases of 10 s; recovery has one.
    const times = [...renderJunit(run()).matchAll(/<testcase .*? time="(.*?)"/g)].map(([, time]) => Number(time))
    expect(times).toEqual([5, 5, 5, 5, 10])
  })

  test('a case that is no pass, and the suite, say how to have the run again', () => {
    const again =
      '<system-out><![CDATA[again: chaos run scenarios/brownout.yaml --seed 7\nresults: chaos-results/2026-11-23T10-00-00-brownout]]></system-out>'
    // 2 failures, 1 open claim, and the suite.
    expect(renderJunit(failed()).split(again)).toHaveLength(1 + 4)
    expect(renderJunit(run()).split(again)).toHaveLength(1 + 1)
  })

  /**
   * Which attributes and children each element may have by the schema of Jenkins, junit-10.xsd of its xunit plugin. The
   * place of a case is beyond it: GitLab reads `file`, and others `line`.
   */
  const SCHEMA: Record<string, { attributes: string[]; children: string[] }> = {
    testsuites: { attributes: ['name', 'time', 'tests', 'failures', 'errors'], children: ['testsuite'] },
    testsuite: {
      attributes: [
        'name',
        'tests',
        'failures',
        'errors',
        'group',
        'time',
        'skipped',
        'timestamp',
        'hostname',
        'id',
        'package',
        'file',
        'log',
        'url',
      ],
      children: ['testsuite', 'properties', 'testcase', 'system-out', 'system-err'],
    },
    properties: { attributes: [], children: ['property'] },
    property: { attributes: ['name', 'value'], children: [] },
    testcase: {
      attributes: ['name', 'time', 'classname', 'group', ...['file', 'line']],
      children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
    },
    failure: { attributes: ['message', 'type'], children: [] },
    error: { attributes: ['message', 'type'], children: [] },
    'system-out': { attributes: [], children: [] },
  }

  test.each([
    ['failed', failed()],
    ['passed', run()],
    ['interrupted', interrupted()],
    ['never started', neverStarted()],
  ])('the document of a run that %s has nothing that the schema of Jenkins does not know', (_, any) => {
    const open: string[] = []
    const markup = renderJunit(any).replaceAll(/<!\[CDATA\[.*?\]\]>/gs, '')
    for (const [, closing, tag = '', attributes = '', empty] of markup.matchAll(/<(\/?)([a-z-]+)((?: [a-z]+="[^"]*")*)(\/?)>/g)) {
      if (closing) {
        expect(open.pop()).toBe(tag)
        continue
      }
      const parent = open.at(-1)
      if (parent !== undefined) expect(SCHEMA[parent]?.children).toContain(tag)
      for (const [, name] of attributes.matchAll(/ ([a-z]+)="/g)) expect(SCHEMA[tag]?.attributes).toContain(name)
      if (!empty) open.push(tag)
    }
    expect(open).toEqual([])
  })
})
