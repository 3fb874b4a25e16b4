import { describe, expect, test } from 'vitest'
import { ClientLog, requestId, requestIndex } from '../../../src/load/client-log.ts'

const WHOLE = { status: 200, error: null, received: null, grpcStatus: null }

describe('the client log', () => {
  test('grows with what is sent, and is as long as that once it is closed', () => {
    const log = new ClientLog(5000, 2)
    // The columns of 2 become 4, then 8.
    for (let i = 0; i < 5; i++) expect(log.begin(i * 10, i % 3, i * 10 + 1)).toBe(i)
    log.finish(0, 7, WHOLE)
    log.finish(4, 9, { ...WHOLE, status: 0, error: 'refused' })
    log.close(3)
    expect([...log.due]).toEqual([0, 10, 20, 30, 40])
    expect([...log.request]).toEqual([0, 1, 2, 0, 1])
    expect([0, 1, 2, 3, 4].map((i) => log.sentAt(i))).toEqual([1, 11, 21, 31, 41])
    expect([0, 1, 2, 3, 4].map((i) => log.endAt(i))).toEqual([7, Number.NaN, Number.NaN, Number.NaN, 9])
    expect([...log.status]).toEqual([200, 0, 0, 0, 0])
    expect([log.count, log.startedAt, log.clockShift, [...log.errors]]).toEqual([5, 5000, 3, [[4, 'refused']]])
  })

  test('keeps times to a microsecond, hours into a run and for answers that take 16 s', () => {
    const log = new ClientLog(0)
    const due = 4 * 3600 * 1000 + 0.123
    log.begin(due, 0, due + 0.457)
    log.finish(0, due + 15_999.999, WHOLE)
    expect(Math.abs(log.sentAt(0) - due - 0.457)).toBeLessThan(0.0005)
    expect(Math.abs(log.endAt(0) - due - 15_999.999)).toBeLessThan(0.0005)
  })

  test('may stay empty', () => {
    const log = new ClientLog(0, 0)
    log.close(0)
    expect([log.count, log.due.length, log.status.length]).toEqual([0, 0, 0])
  })

  test.each([0, 7, 4_999_999])('the id of request %i leads back to it', (index) => {
    expect(requestIndex(requestId(index))).toBe(index)
  })
})
