import { expect, test } from 'vitest'
import type { ServerSpec } from '../../../src/upstream/spec.ts'
import { judge } from '../../../src/verdict/judge.ts'
import { attempt, bad, egress, good, hop, many, type World, world } from './records.ts'

const WORKERS = 4
const servers = [{ cluster: 'inventory', replica: 1, workers: WORKERS } as ServerSpec]

function outcome(asked: string | number, records: World['records'], more: Partial<World> = {}) {
  const { scenario, plan, observations } = world({ ...more, expect: [{ spare_rejections: asked }], records: records ?? [] })
  const [only] = judge(scenario, { ...plan, stubs: { ...plan.stubs, servers } }, observations).outcomes
  return only ?? expect.fail()
}

const refused = (at: number) =>
  bad({ due: at, attempts: [], egress: egress({ start: at, durationMs: 0, status: 503, rejectedBy: 'max_pending_requests' }) })
/** All workers at work, from 0 to 100. */
const busy = many(
  WORKERS,
  good,
  {
    egress: egress({ start: 0, durationMs: 100 }),
    attempts: [
      attempt({
        durationMs: 100,
        hop: { ...hop(), start: 0 },
        stub: { arrived: 0, started: 0, due: 100, answered: 100, status: 200, busy: 1, queued: 0 },
      }),
    ],
  },
  [0, 0],
)
const calm = many(10, good, {}, [300, 900])

// While all work: not spare. As the work ends: open. Long after it: spare.
const [kept, open, spare] = [() => refused(50), () => refused(100), () => refused(200)]

test.each([
  ['0', [], 'pass'],
  ['0', [kept()], 'pass'],
  ['0', [open()], 'inconclusive'],
  ['0', [spare(), kept()], 'fail'],
  ['0', [spare(), open()], 'fail'],
  ['<= 2', [spare(), open()], 'pass'],
  ['<= 1', [spare(), open()], 'inconclusive'],
  ['>= 1', [spare(), open()], 'pass'],
  ['>= 2', [spare(), open()], 'inconclusive'],
  ['>= 1', [kept()], 'fail'],
  // 1 to 3: it may be 2
  ['2', [spare(), open(), open()], 'inconclusive'],
])('%s of %#: both bounds must decide alike', (asked, refusals, status) => {
  const records = [...busy, ...refusals, ...calm].sort((a, b) => a.due - b.due)
  expect(outcome(asked, records).status).toBe(status)
})

test('says how many, within what, and shows the sure ones first', () => {
  const [maybe, sure] = [open(), spare()]
  expect(outcome(0, [...busy, maybe, sure, ...calm])).toMatchObject({
    status: 'fail',
    seen: '1 to 2',
    value: null,
    examples: [sure.id, maybe.id],
    why: 'expected spare_rejections "0", got 1 to 2 in 16 requests',
  })
})

test('few requests without a refusal show nothing', () => {
  expect(outcome(0, calm.slice(0, 4)).status).toBe('inconclusive')
  expect(outcome(0, calm.slice(0, 5)).status).toBe('pass')
})

test('one that a stall made decides nothing', () => {
  const stalled = { phases: [{ name: 'p', seen: { stalls: [{ from: 190, to: 210, until: 210 }] } }] }
  expect(outcome(0, [...busy, spare(), ...calm], stalled)).toMatchObject({
    status: 'inconclusive',
    why: expect.stringContaining('stood still'),
  })
})

test('without a limit of workers each is spare', () => {
  const { scenario, plan, observations } = world({ expect: [{ spare_rejections: 0 }], records: [...busy, kept(), ...calm] })
  const unlimited = { ...plan, stubs: { ...plan.stubs, servers: [{ cluster: 'inventory', replica: 1 } as ServerSpec] } }
  expect(judge(scenario, unlimited, observations).outcomes[0]).toMatchObject({ status: 'fail', value: 1 })
})
