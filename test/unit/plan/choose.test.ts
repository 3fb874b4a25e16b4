import { describe, expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

/** 100 requests a phase, in turn drawn from two kinds; the first phase is preceded by a warm-up of 10. */
const planOf = (fault: string, seed = 1) =>
  compilePlan(
    scenarioOf(`
seed: ${seed}
upstreams: { one: {}, two: {} }
envoy: { routes: [{ match: { prefix: /one }, cluster: one }, { match: { prefix: / }, cluster: two }] }
load: { rate: 100/s, warmup: 100ms, requests: [{ GET: /one, headers: { x-a: b } }, { GET: /one/2 }, { GET: /two }] }
phases: [{ name: first, for: 1s, faults: [{ cluster: one, abort: 503, ${fault} }] }, { name: next, for: 1s, faults: [{ cluster: one, abort: 503, ${fault} }] }]
`),
  )

function chosenIn(fault: string, { when = () => true, seed = 1 }: { when?: (path: string) => boolean; seed?: number } = {}) {
  const plan = planOf(fault, seed)
  if (plan.load.kind !== 'open') throw new Error('expected an open loop')
  const kinds = [...plan.load.request].map((kind) => plan.requests[kind]?.path as string)
  return plan.faults.map(({ chosen, percent, phase }) => {
    const [from, to] = phase === 0 ? [10, 110] : [110, 210]
    const matching = kinds.flatMap((path, index) => (index >= from && index < to && path !== '/two' && when(path) ? [index] : []))
    return { chosen: [...(chosen?.requests ?? [])].sort((a, b) => a - b), of: chosen?.of, percent, matching }
  })
}

describe('of the requests of a phase that a fault is for', () => {
  test('every: 5 chooses each fifth', () => {
    for (const { chosen, matching, of } of chosenIn('every: 5')) {
      expect(chosen).toEqual(matching.filter((_, i) => i % 5 === 4))
      expect(of).toBe(matching.length)
    }
  })

  test('first: 7 chooses the first seven, with the condition of the fault', () => {
    const condition = { when: (path: string) => path === '/one' }
    for (const { chosen, matching } of chosenIn('first: 7, when: { header: { x-a: b } }', condition))
      expect(chosen).toEqual(matching.slice(0, 7))
  })

  test('mode: exact chooses the rounded share, each of them once, and says the share that they are', () => {
    for (const { chosen, matching, percent } of chosenIn('percent: 30, mode: exact')) {
      expect(chosen).toHaveLength(Math.round(matching.length * 0.3))
      expect(new Set(chosen).size).toBe(chosen.length)
      for (const index of chosen) expect(matching).toContain(index)
      expect(percent).toBeCloseTo((100 * chosen.length) / matching.length, 10)
    }
  })

  test('mode: exact chooses the same ones of one seed, others of another, and others in another phase', () => {
    const places = (seed: number) =>
      chosenIn('percent: 30, mode: exact', { seed }).map(({ chosen, matching }) => chosen.map((index) => matching.indexOf(index)))
    expect(places(7)).toEqual(places(7))
    expect(places(7)).not.toEqual(places(8))
    const [one, other] = places(7)
    expect(one).not.toEqual(other)
  })
})

describe('where an app stands between', () => {
  const of = (fault: string, more = '') =>
    compilePlan(
      scenarioOf(`
upstreams: { one: {} }
app: { command: [node, app.mjs] }
load: { rate: 100/s, requests: [{ GET: /a }] }
phases: [{ name: long, for: 4s, faults: [${fault}] }, { name: short, for: 1s, faults: [${fault}] }]
${more}`),
    ).faults.map(({ chosen }) => chosen)

  test('what is due in the last half second of a phase, a quarter at most, does not count', () => {
    const [long, short] = of('{ cluster: one, abort: 503, every: 5 }')
    // 350 of 400; 75 of the 100 that are due from the place 400 on.
    expect([long?.of, long?.requests.size, Math.max(...(long?.requests ?? []))]).toEqual([350, 70, 349])
    expect([short?.of, short?.requests.size, Math.max(...(short?.requests ?? []))]).toEqual([75, 15, 474])
  })

  test('each fault has a mark of its own', () => {
    const faults =
      '{ cluster: one, delay: 1ms, percent: 10 }, { cluster: one, abort: 503, first: 1 }, { cluster: one, delay: 5ms, every: 2 }'
    expect(of(faults).map((chosen) => chosen?.bit)).toEqual([undefined, 0, 1, undefined, 2, 3])
  })

  test('there are marks for 32 faults', () => {
    const faults = (count: number) => Array(count).fill('{ cluster: one, abort: 503, first: 1 }').join(', ')
    expect(of(faults(16))).toHaveLength(32)
    expect(() => of(faults(17))).toThrow(/phases\[1\]\.faults\[15\]\.first: first cannot be kept: an id has marks for 32 faults/)
  })
})

test('without one of them Envoy draws', () => {
  expect(planOf('percent: 30').faults.map(({ chosen, percent }) => [chosen, percent])).toEqual([
    [null, 30],
    [null, 30],
  ])
})
