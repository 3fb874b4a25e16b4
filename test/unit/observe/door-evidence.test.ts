import { expect, test } from 'vitest'
import { weighDoor } from '../../../src/observe/door-evidence.ts'
import type { Closed } from '../../../src/observe/doors.ts'
import type { Attempt } from '../../../src/observe/record.ts'
import type { PhaseTimes } from '../../../src/observe/timeline.ts'
import type { PlannedFault } from '../../../src/plan/plan.ts'
import { attempt, egress, good, hop, world } from '../verdict/records.ts'

const { plan } = world({ phases: [{ name: 'storm', faults: [0] }], faults: [{ action: { kind: 'down', value: {} } }], expect: [] })
const fault = plan.faults[0] as PlannedFault
const FAILS = `cluster.${fault.cluster}.upstream_cx_connect_fail`
const closed: Closed = { fault: fault.id, kind: 'down', cluster: fault.cluster, replica: 1, from: 1000, to: 2000, until: 2000, cut: 2 }
const door = fault.id

const refused = attempt({ start: 1500, durationMs: 0, status: 0, flags: ['UF'], hop: null, door })
const cut = attempt({ start: 990, durationMs: 11, status: 0, flags: ['UC'], hop: hop([], ['DC']), door })
const through = attempt({ start: 1500, hop: { ...hop(), start: 1501 } })
const SOUND = [...Array(20).fill(refused), cut, cut]

/** What is doubted where these attempts were made, and this is said by others. */
function doubtOf(
  attempts: readonly Attempt[],
  said: { counted?: number; doors?: readonly Closed[]; asked?: Partial<PlannedFault> } = {},
): string | null {
  const times: PhaseTimes = {
    from: 0,
    applied: 1,
    to: 3000,
    complete: true,
    before: { [FAILS]: 5 },
    after: { [FAILS]: 5 + (said.counted ?? 20) },
    lateness: { beats: [], sends: [] },
  }
  const records = attempts.map((one) => good({ egress: egress({ cluster: fault.cluster }), attempts: [one] }))
  const differ = (a: number, b: number) => Math.abs(a - b) > 1
  return weighDoor({ ...fault, ...said.asked }, { records, foreign: [] }, times, said.doors ?? [closed], differ).doubt
}

const downFor = (ms: number) => ({ asked: { action: { kind: 'down', value: { for: ms } } as const } })

test('a replica that was down for as long as was asked is believed', () => expect(doubtOf(SOUND, downFor(1000))).toBeNull())

test('what all sources say is believed', () => expect(doubtOf(SOUND)).toBeNull())

test.each([
  ['a door that was never closed', SOUND, { doors: [] }, 'never fired: its phase was over before'],
  ['a door that was open again too soon', SOUND, downFor(1100), 'was in force for 1s only: its phase was over then'],
  [
    'a door that was closed beyond the end of its phase at 3 s',
    SOUND,
    { ...downFor(2100), doors: [{ ...closed, to: 9000 }] },
    'was in force for 2s only: its phase was over then',
  ],
  ['one door of two', SOUND, { asked: { replicas: [1, 2] } }, `never fired at ${fault.cluster}/2: its phase was over before`],
  ['nobody who came while it was closed', [attempt({ start: 500 }), attempt({ start: 2500 })], {}, 'never fired: no attempt was made at'],
  [
    'nobody at that replica',
    Array(9)
      .fill({ ...refused, replica: 2 })
      .map(({ door: _, ...one }) => one),
    {},
    'never fired: no attempt was made at',
  ],
  ['all who came got through', Array(9).fill(through), {}, 'none met it'],
  ['some who came got through', [...SOUND, through, through, through], {}, 'missed its share: only 22 of 25 attempts met it'],
  ['a counter that knows of none', SOUND, { counted: 0 }, "Envoy's counter"],
  ['hops that heard of those that were refused', SOUND.map((one) => ({ ...one, hop: hop() })), {}, 'the sources disagree'],
  ['a door that cut more', SOUND, { doors: [{ ...closed, cut: 9 }] }, 'the door reset 9 connections with a request in flight'],
  ['a door that cut none', SOUND, { doors: [{ ...closed, cut: 0 }] }, 'the door reset 0 connections with a request in flight'],
] as const)('%s: doubted', (_, attempts, said, doubt) => expect(doubtOf(attempts as Attempt[], said)).toContain(doubt))
