import { describe, expect, test } from 'vitest'
import { bad, egress, good, many, outcome } from './records.ts'

/** The harness stood still from 490 to 530 ms; one request is due each 5 ms. */
const STALL = { phases: [{ name: 'p', seen: { stalls: [{ from: 490, to: 530, until: 530 }] } }] }
/** 200 requests of 20 ms; those that were due in the stall are as `held` makes them. */
const held = (change: (due: number) => ReturnType<typeof good>) =>
  Array.from({ length: 200 }, (_, i) => 5 * i).map((due) =>
    due >= 490 && due <= 530 ? change(due) : good({ due, sent: due, end: due + 20 }),
  )
const slow = held((due) => good({ due, sent: due, end: due + 200 }))
const failed = held((due) => bad({ due, sent: due, end: due + 20, egress: egress({ start: due, status: 504 }) }))

describe('what fails only by requests that were under way while the harness stood still does not fail', () => {
  test.each([
    [{ p99: '<= 100ms' }, slow],
    [{ success_rate: '>= 99%' }, failed],
    [{ success_rate: '= 100%' }, failed],
    [{ status: 200 }, failed],
  ])('%j', (claim, records) => {
    expect(outcome({ phase: 'p', ...claim }, records)).toMatchObject({ status: 'fail' })
    const judged = outcome({ phase: 'p', ...claim }, records, STALL)
    expect(judged.status).toBe('inconclusive')
    // Due from 490 to 530, or due from 470 on and 20 ms under way: 470, 475, … 530.
    expect(judged.why).toContain('13 of 200 requests happened while the load generator, Envoy or a stub stood still')
  })
})

test('what fails without them, too, fails', () => {
  const records = [...many(50, bad, {}, [0, 480]), ...many(50, good, {}, [540, 1000])]
  expect(outcome({ phase: 'p', success_rate: '>= 90%' }, records, STALL)).toMatchObject({ status: 'fail' })
})

test('what holds by nothing but them does not hold', () => {
  // Some fail, as asked; without those that were due in the stall none does.
  const claim = { phase: 'p', error_rate: '> 0%' }
  expect(outcome(claim, failed)).toMatchObject({ status: 'pass' })
  expect(outcome(claim, failed, STALL)).toMatchObject({ status: 'inconclusive' })
})

test('what held in spite of them holds, even where few would be left without', () => {
  const all = { phases: [{ name: 'p', seen: { stalls: [{ from: 0, to: 990, until: 990 }] } }] }
  expect(outcome({ phase: 'p', success_rate: '>= 95%' }, many(200, good), all)).toMatchObject({ status: 'pass' })
})

test('what came while that was still in flight which had piled up does not fail either', () => {
  const after = Array.from({ length: 200 }, (_, i) => 5 * i).map((due) => {
    const make = due > 530 && due <= 560 ? bad : good
    return make({ due, sent: due, end: due + 20 })
  })
  const until = (ms: number) =>
    outcome({ phase: 'p', success_rate: '= 100%' }, after, {
      phases: [{ name: 'p', seen: { stalls: [{ from: 490, to: 530, until: ms }] } }],
    })
  expect(until(570)).toMatchObject({ status: 'inconclusive' })
  expect(until(550)).toMatchObject({ status: 'fail' })
})
