import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Outcome } from '../../src/verdict/verdict.ts'
import { judgedCalmly, runScenario } from '../helpers/scenario.ts'

const TRACE =
  'Error: no stock\n    at getStock (/app/stock.js:12:21)\n    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)'

/** What the stubs answer, by path; and a claim that each satisfies, and one that each refutes. */
const ANSWERS: Record<string, { respond: object; holds: object; fails: object; seen: string }> = {
  stock: {
    respond: {
      headers: { 'cache-control': 'no-store', 'set-cookie': 'sid=1; HttpOnly' },
      json: { stock: 3, items: [{ id: 1 }, { id: 2 }] },
    },
    holds: {
      body: {
        equals: '{"stock":3,"items":[{"id":1},{"id":2}]}',
        contains: ['"stock":3', 'items'],
        lacks: 'error',
        matches: '"stock":\\d+',
        json: { items: [{ id: 1 }, {}] },
        path: { '$.stock': 3, '$.items[1].id': 2 },
        no_path: '$.error',
        stack_trace: false,
      },
      headers: {
        'Cache-Control': 'no-store',
        'content-type': { contains: 'json' },
        'set-cookie': { present: true },
        'x-powered-by': { absent: true },
        server: { matches: '^envoy$' },
      },
      latency: '<= 2s',
    },
    fails: {
      body: {
        equals: '{"stock":3}',
        contains: 'error',
        lacks: 'stock',
        matches: '^stock',
        json: { items: [{ id: 1 }] },
        path: { '$.items[*].id': 1 },
        no_path: '$.items',
      },
      headers: { 'cache-control': 'no-cache', 'x-powered-by': { present: true }, server: { absent: true } },
      latency: '<= 5ms',
    },
    seen: '{\\"stock\\":3',
  },
  hidden: {
    respond: { status: 200, json: { error: 'out of stock' } },
    holds: { status: 200, success_rate: '>= 90%' },
    fails: { body: { lacks: 'error', no_path: '$.error' } },
    seen: 'out of stock',
  },
  leaking: {
    respond: { status: 500, json: { message: 'internal', stack: TRACE } },
    holds: { status: 500, body: { path: { '$.message': 'internal' } } },
    fails: { body: { stack_trace: false } },
    seen: 'a stack trace of JavaScript (500)',
  },
}
const paths = Object.keys(ANSWERS)

describe('claims on what the caller got, straight to Envoy', () => {
  let outcomes: readonly Outcome[]
  beforeAll(async () => {
    const ran = await runScenario(
      stringify({
        name: 'claims on answers',
        upstreams: Object.fromEntries(paths.map((name) => [name, { latency: '10ms', respond: ANSWERS[name]?.respond }])),
        envoy: { routes: paths.map((name) => ({ match: { prefix: `/${name}` }, cluster: name })) },
        load: { rate: '150/s', requests: paths.map((name) => ({ name, GET: `/${name}` })) },
        phases: [{ name: 'all', for: '2s' }],
        expect: paths.flatMap((name) => [
          { name: `${name} holds`, request: name, ...ANSWERS[name]?.holds },
          { name: `${name} fails`, request: name, ...ANSWERS[name]?.fails },
        ]),
      }),
    )
    outcomes = judgedCalmly(ran)
  })

  test.each(paths)('what holds of /%s passes', (name) => {
    const own = outcomes.filter(({ title }) => title === `${name} holds`)
    expect(own.length).toBeGreaterThan(1)
    expect(own.filter(({ status }) => status !== 'pass').map(({ metric, asked, why }) => [metric, asked, why])).toEqual([])
  })

  test.each(paths)('what does not hold of /%s fails, with what was seen and examples', (name) => {
    const own = outcomes.filter(({ title }) => title === `${name} fails`)
    expect(own.length).toBeGreaterThan(0)
    for (const { metric, asked, status, examples } of own) {
      expect([metric, asked, status]).toEqual([metric, asked, 'fail'])
      expect(examples).toHaveLength(3)
    }
    expect(own.map(({ why }) => why).join('\n')).toContain(ANSWERS[name]?.seen)
  })
})
