import type { IncomingHttpHeaders } from 'node:http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KEPT_BODY_BYTES, noAnswers } from '../../../src/content/answer.ts'
import { AnswerKeeper } from '../../../src/load/answer-keeper.ts'

const keeping = () => {
  const answers = noAnswers()
  const keeper = new AnswerKeeper(answers)
  let next = 0
  const keep = (body: string | Buffer, { headers = {}, broken = false }: { headers?: IncomingHttpHeaders; broken?: boolean } = {}) => {
    const begun = Buffer.from(body)
    keeper.keep(next, { headers, begun, bytes: begun.length, broken })
    next++
  }
  const body = (index: number) => answers.bodies[answers.bodyOf[index] ?? 0]
  const headers = (index: number) => answers.headers[answers.headersOf[index] ?? 0]
  return { answers, keeper, keep, body, headers }
}

test('each request keeps its number, however many different answers there come to be', () => {
  const { answers, keeper } = keeping()
  // Past the largest number of one byte, and of two.
  const numbers = [1, 255, 256, 3, 65_535, 65_536, 2, 4_000_000_000]
  for (const [index, number] of numbers.entries()) keeper.restore(index, number, numbers.length - index)
  keeper.close(numbers.length)
  expect([...answers.bodyOf]).toEqual(numbers)
  expect([...answers.headersOf]).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
})

describe('bodies', () => {
  test('equal ones are kept once, also when others came between them', () => {
    const { answers, keep, body } = keeping()
    for (let i = 0; i < 5000; i++) keep(`body ${i % 10}`)
    // The first entry stands for no answer.
    expect(answers.bodies.length).toBe(1 + 10)
    expect(body(4999)).toEqual({ text: 'body 9', bytes: 6, whole: true })
    expect(body(4999)).toBe(body(9))
  })

  test('a request without an answer has none', () => {
    const { keep, body, headers } = keeping()
    keep('one')
    expect([body(1), headers(1), body(70_000)]).toEqual([null, null, null])
  })

  test('of a long one the beginning is kept, with its length; it is not whole', () => {
    const { keep, body } = keeping()
    keep('x'.repeat(KEPT_BODY_BYTES))
    keep('x'.repeat(KEPT_BODY_BYTES + 1))
    expect(body(0)).toMatchObject({ bytes: KEPT_BODY_BYTES, whole: true })
    expect(body(1)).toEqual({ text: 'x'.repeat(KEPT_BODY_BYTES), bytes: KEPT_BODY_BYTES + 1, whole: false })
  })

  test('a character that the end of the kept part cuts in two does not make it binary', () => {
    const { keep, body } = keeping()
    keep(`${'x'.repeat(KEPT_BODY_BYTES - 1)}é`)
    expect(body(0)).toEqual({ text: 'x'.repeat(KEPT_BODY_BYTES - 1), bytes: KEPT_BODY_BYTES + 1, whole: false })
  })

  test('one that broke off is another than the whole one of the same bytes', () => {
    const { keep, body } = keeping()
    keep('abc')
    keep('abc', { broken: true })
    expect([body(0), body(1)]).toEqual([
      { text: 'abc', bytes: 3, whole: true },
      { text: 'abc', bytes: 3, whole: false },
    ])
  })

  test('bytes that are no UTF-8 are binary', () => {
    const { keep, body } = keeping()
    keep(Buffer.from([0x1f, 0x8b, 0x08, 0x00]))
    expect(body(0)).toEqual({ binary: true, bytes: 4 })
  })

  test('too many different ones are not kept, and those kept before are still known', () => {
    const { answers, keep, body } = keeping()
    // 16 KiB each: 32 MiB hold fewer than 2048 of them, since each costs a little more.
    for (let i = 0; i < 2100; i++) keep(`${i} ${'x'.repeat(KEPT_BODY_BYTES)}`)
    expect(body(2099)).toEqual({ kept: false })
    keep(`7 ${'x'.repeat(KEPT_BODY_BYTES)}`)
    expect(body(2100)).toBe(body(7))
    expect(answers.bodies.length).toBeLessThan(2050)
  })

  test('any text comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 30 }), (texts) => {
        const { keep, body } = keeping()
        for (const text of texts) keep(text)
        expect(texts.map((_, index) => body(index))).toEqual(
          texts.map((text) => ({ text: text.toWellFormed(), bytes: Buffer.byteLength(text), whole: true })),
        )
      }),
    )
  })
})

describe('headers', () => {
  test('equal sets are kept once, whatever the date and the time upstream', () => {
    const { answers, keep, headers } = keeping()
    for (let i = 0; i < 1000; i++)
      keep('', { headers: { date: `day ${i}`, 'x-envoy-upstream-service-time': String(i % 50), 'content-type': 'text/plain' } })
    expect(answers.headers.length).toBe(1 + 1)
    expect(headers(999)).toEqual({ fields: { date: null, 'x-envoy-upstream-service-time': null, 'content-type': 'text/plain' } })
  })

  test('of what may hold a secret only the presence is kept', () => {
    const { keep, headers } = keeping()
    keep('', { headers: { 'set-cookie': ['sid=1', 'theme=dark'], 'x-auth-token': 'abc' } })
    expect(headers(0)).toEqual({ fields: { 'set-cookie': null, 'x-auth-token': null } })
  })

  test('several lines are joined', () => {
    const { keep, headers } = keeping()
    keep('', { headers: JSON.parse('{"via":["a","b"]}') })
    expect(headers(0)).toEqual({ fields: { via: 'a, b' } })
  })

  test('a header that tells all answers apart loses its values, and the others stay known', () => {
    const { answers, keep, headers } = keeping()
    for (let i = 0; i < 5000; i++) keep('', { headers: { 'x-trace-id': String(i), server: 'envoy' } })
    expect(headers(4999)).toEqual({ fields: { 'x-trace-id': null, server: 'envoy' } })
    // 1,000 values, the set without one, and no answer.
    expect(answers.headers.length).toBe(1002)
  })

  test('a name of JavaScript is a header like others', () => {
    const { keep, headers } = keeping()
    keep('', { headers: JSON.parse('{"__proto__": "x"}') })
    expect(Object.entries((headers(0) as { fields: object }).fields)).toEqual([['__proto__', 'x']])
  })
})
