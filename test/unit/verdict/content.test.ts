import { expect, test } from 'vitest'
import { bad, good, many, outcome, outcomes, world } from './records.ts'

const body = (text: string) => ({ body: { text, bytes: Buffer.byteLength(text), whole: true } })
const unanswered = { status: null, end: null, error: 'hung up', headers: null, body: null, success: false }

test('one counterexample refutes a claim about every answer, and is shown with what was seen', () => {
  const odd = good(body('{"error":"no stock"}'))
  const found = outcome({ body: { lacks: 'error' } }, [...many(399, good), odd])
  expect(found).toMatchObject({
    metric: 'body.lacks',
    asked: 'error',
    status: 'fail',
    seen: '399 of 400',
    samples: 400,
    examples: [odd.id],
  })
  expect(found.why).toBe('expected body.lacks "error" of every answer, got among 400 answers 1 × "{\\"error\\":\\"no stock\\"}" (200)')
})

test('what was seen is counted by kind, the most frequent first, with an example of each', () => {
  const records = [
    ...many(6, good),
    ...many(5, bad, body('overflow')),
    ...many(3, good, body('busy')),
    ...many(2, good, unanswered),
    ...many(1, good, body('?')),
  ]
  const found = outcome({ body: { contains: 'stock' } }, records)
  expect(found.why).toContain('got among 17 answers 5 × "overflow" (503), 3 × "busy" (200), 2 × no answer and 1 other')
  expect(found.examples).toEqual([records[6]?.id, records[11]?.id, records[14]?.id])
})

test('four answers are too few for a claim about every answer, five are enough', () => {
  expect(outcome({ body: { contains: 'stock' } }, many(4, good))).toMatchObject({
    status: 'inconclusive',
    why: expect.stringContaining('at least 5'),
  })
  expect(outcome({ body: { contains: 'stock' } }, many(5, good)).status).toBe('pass')
})

test('that something is not there is shown by answers, not by silence', () => {
  const silent = many(20, good, unanswered)
  for (const claim of [{ body: { lacks: 'error' } }, { body: { stack_trace: false } }, { headers: { 'x-debug': { absent: true } } }]) {
    expect(outcome(claim, silent)).toMatchObject({ status: 'inconclusive', samples: 0, why: 'no request got an answer' })
    expect(outcome(claim, [...silent, ...many(4, good)]).status).toBe('inconclusive')
    expect(outcome(claim, [...silent, ...many(5, good)])).toMatchObject({ status: 'pass', samples: 5 })
  }
})

test.each([
  { what: 'was not kept', answer: { body: { kept: false as const } } },
  { what: 'is binary', answer: { body: { binary: true as const, bytes: 9 } } },
  { what: 'is compressed', answer: { headers: { fields: { 'content-encoding': 'gzip' } } } },
  { what: 'is known in part', answer: { body: { text: '{"sto', bytes: 90_000, whole: false } } },
])('one body that $what leaves every claim open, and a counterexample still refutes it', ({ answer }) => {
  const records = [...many(50, good), good(answer)]
  for (const claim of [
    { contains: 'stock":' },
    { lacks: 'error' },
    { matches: 'stock' },
    { json: { stock: 3 } },
    { path: { '$.stock': 3 } },
    { no_path: '$.error' },
    { stack_trace: false as const },
  ]) {
    expect(outcome({ body: claim }, records)).toMatchObject({ status: 'inconclusive', examples: [records[50]?.id] })
  }
  expect(outcome({ body: { lacks: 'error' } }, [...records, good(body('error'))]).status).toBe('fail')
})

test('an answer that broke off is judged by itself, although what came of it equals another', () => {
  const parts = { headers: good().headers, body: good().body, status: null, error: 'the response, 200, broke off', success: false }
  expect(outcome({ body: { contains: 'stock' } }, [...many(50, good), good(parts)]).status).toBe('fail')
})

test('each part of a claim is an outcome of its own, at its own place', () => {
  const found = outcomes({
    records: many(50, good),
    expect: [
      {
        body: { contains: ['stock', '3'], path: { '$.stock': 3 }, stack_trace: false },
        headers: { 'content-type': { contains: 'json' }, Date: { present: true } },
      },
    ],
  })
  expect(found.map(({ metric, asked, status }) => [metric, asked, status])).toEqual([
    ['headers.content-type', 'contains json', 'pass'],
    ['headers.Date', 'present', 'pass'],
    ['body.contains', 'stock', 'pass'],
    ['body.contains', '3', 'pass'],
    ['body.path', '$.stock: 3', 'pass'],
    ['body.stack_trace', 'false', 'pass'],
  ])
})

test('claims on answers need no log of Envoy', () => {
  const beside = many(20, good, { joined: false, calls: [] })
  expect(outcome({ body: { contains: 'stock' } }, beside).status).toBe('pass')
  expect(world({ expect: [] }).plan.phases).toHaveLength(1)
})
