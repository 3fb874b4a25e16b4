import { expect, test } from 'vitest'
import { troublesOf } from '../../../src/verdict/trouble.ts'
import { attempt, good, hop, world } from './records.ts'

/** 100 requests of the first phase, of which so many met the fault of the second at a door. */
function troubles(hit: number): readonly string[] {
  const faults = [{ phase: 1, action: { kind: 'down', value: {} } }] as const
  const cut = attempt({ status: 0, flags: ['UC'], hop: hop([], ['DC']), door: 'f0' })
  const records = Array.from({ length: 100 }, (_, i) => good({ due: i, ...(i < hit ? { stray: true, attempts: [cut] } : {}) }))
  const { plan, observations } = world({
    phases: [{ name: 'calm' }, { name: 'storm', faults: [0] }],
    faults: [...faults],
    records,
    expect: [],
  })
  return troublesOf({ ...plan, faults: plan.faults.map((fault) => ({ ...fault, id: 'f0', phase: 1 })) }, observations, 0)
}

test('a phase that lost more than one in a hundred to a fault of the next is not judged, and is told what to do', () => {
  expect(troubles(1)).toEqual([])
  expect(troubles(2)).toEqual([
    '2 of 100 requests of phase "calm" met down of phase "storm", which hits whatever is under way; let it begin within its own phase (down: { after: 500ms }), or make this one longer',
  ])
})
