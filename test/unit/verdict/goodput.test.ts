import { describe, expect, test } from 'vitest'
import { undecidable } from '../../../src/verdict/decidable.ts'
import { attempt, bad, good, many, outcome, outcomes, world } from './records.ts'

describe('goodput', () => {
  // 400 successes of one second: 400/s; at least 400 / 403.84 of that.
  test.each([
    ['>= 390/s', 'pass'],
    ['>= 400/s', 'inconclusive'],
    ['>= 410/s', 'fail'],
    ['390/s .. 410/s', 'pass'],
    ['< 380/s', 'fail'],
  ])('%s of 400 successes in a second: %s', (asked, status) => {
    // Due from -20 ms on: with 20 ms each they are answered within the phase.
    const records = many(400, good).map((record) => ({ ...record, end: record.due }))
    expect(outcome({ goodput: asked }, records)).toMatchObject({ status, seen: '400/s', samples: 400, metric: 'goodput' })
  })

  test('counts a success where it was answered, and a failure where it was due', () => {
    // 100 requests of the first second are answered in the second one, and 20 of the second one fail.
    const late = many(100, good).map((record) => ({ ...record, end: record.due + 1000 }))
    const failed = many(20, bad, { phase: 1 }, [1000, 2000])
    const [first, second] = outcomes({
      expect: [
        { phase: 'a', goodput: '>= 1/s' },
        { phase: 'b', goodput: '>= 50/s' },
      ],
      phases: [{ name: 'a' }, { name: 'b' }],
      records: [...late, ...failed],
    })
    // Nobody knows whether those of the first phase will do: none is counted there.
    expect(first).toMatchObject({ status: 'inconclusive', samples: 0, seen: null })
    expect(second).toMatchObject({ status: 'pass', seen: '100/s', samples: 120 })
  })

  test('tells in words what the value counts, and nothing of the next phase', () => {
    // The next phase began 30 ms after its planned time, and its requests of those 30 ms fail.
    const served = many(60, good, {}, [0, 900]).map((record) => ({ ...record, end: record.due + 20 }))
    const failed = many(30, bad, {}, [0, 1000])
    const slow = many(10, good, {}, [900, 1000]).map((record) => ({ ...record, end: 1200 }))
    const after = many(50, bad, { phase: 1 }, [1000, 2000])
    const [first] = outcomes({
      expect: [{ phase: 'a', goodput: '>= 90/s' }],
      phases: [
        { name: 'a', seen: { to: 1030 } },
        { name: 'b', seen: { from: 1030 } },
      ],
      records: [...served, ...failed, ...slow, ...after],
    })
    // 60 ÷ 1.03 s
    expect(first).toMatchObject({ status: 'fail', seen: '58.3/s', samples: 90 })
    expect(first?.why).toMatch(
      /^expected goodput ">= 90\/s", got 58\.3\/s \(95 % interval .*\): 60 successes within 1\.03s; of the requests that were due then, 30 failed \(30 × 503 from the upstream\) and 10 succeeded later$/,
    )
  })

  test('leaves out what settle leaves out, of the time too', () => {
    const records = many(1000, good).map((record) => ({ ...record, end: record.due }))
    expect(outcome({ goodput: '>= 900/s', phase: 'p', settle: '250ms' }, records)).toMatchObject({ seen: '1000/s', samples: 500 })
  })

  test('does not rest on leaving out those that went on in the next phase, failures among them', () => {
    const retried = (start: number) => ({ attempts: [attempt(), attempt({ n: 2, start })] })
    const within = many(100, good, retried(300)).map((record) => ({ ...record, end: record.due }))
    const beyond = many(400, bad, retried(1100))
    const claim = { goodput: '<= 110/s', given: { retried: true } }
    expect(outcome(claim, within)).toMatchObject({ status: 'pass', seen: '100/s' })
    // With them a fifth of 500 succeeds, up to 23.8 % with an interval of 95 %: 119/s.
    expect(outcome(claim, [...within, ...beyond])).toMatchObject({ status: 'inconclusive', why: expect.stringMatching(/^400 of 500 /) })
  })

  test('never passes on few requests, nor on none', () => {
    expect(outcome({ goodput: '<= 10/s' }, []).status).toBe('inconclusive')
    expect(outcome({ goodput: '<= 1000/s' }, many(4, good)).status).toBe('inconclusive')
  })

  test('that the load cannot bring is refused', () => {
    const { scenario, plan } = world({
      expect: [{ goodput: '>= 101/s' }, { goodput: '>= 100/s' }, { goodput: '>= 0/s' }],
      records: many(100, good),
    })
    expect(undecidable(scenario, plan).map(({ message }) => message)).toEqual([
      'goodput ">= 101/s" can never hold: 100 requests until then are 100/s at most',
      'goodput ">= 0/s" can never fail',
    ])
  })
})
