import { expect, test } from 'vitest'
import { coursesOf } from '../../../src/report/courses.ts'
import { attempt, bad, egress, good, hop, world } from '../verdict/records.ts'

const { plan } = world({ expect: [], records: [] })
const refused = () => bad({ egress: egress({ status: 503, rejectedBy: 'max_requests' }), attempts: [] })

test('requests to which the same happened are one course, the most frequent first', () => {
  const retried = good({ attempts: [attempt({ status: 503 }), attempt({ n: 2 })] })
  const records = [good(), refused(), good({ end: 90 }), retried, good()]
  expect(coursesOf(records, plan).map(({ what, count }) => [count, what])).toEqual([
    [3, '200 (a success); 1 try'],
    [1, '503 refused by max_requests; 0 tries'],
    [1, '200 (a success); 2 tries'],
  ])
})

test('each shows its slowest request, and how long they took', () => {
  const slowest = good({ end: 90 })
  // Due at 0; two ended after 20 ms.
  expect(coursesOf([good(), slowest, good()], plan)).toMatchObject([{ median: 20, max: 90, example: slowest.id }])
})

test('phases, and the faults that were met, tell courses apart', () => {
  const met = good({ attempts: [attempt({ hop: hop(['some-fault']) })] })
  expect(coursesOf([good(), met, good({ phase: 1 })], plan).map(({ phase, what }) => [phase, what])).toEqual([
    [0, '200 (a success); 1 try'],
    [0, '200 (a success); 1 try; met some-fault'],
    [1, '200 (a success); 1 try'],
  ])
})

test('where not all calls of a request are known, its tries are not either: none seen is not none made', () => {
  const unknown = good({ egress: null, attempts: [] })
  const inPart = good({ joined: false, attempts: [attempt(), attempt({ n: 2 })] })
  expect(coursesOf([unknown, inPart], plan).map(({ what }) => what)).toEqual([
    '200 (a success); tries not known',
    '200 (a success); at least 2 tries',
  ])
  expect(coursesOf([good({ joined: true, calls: [] })], plan).map(({ what }) => what)).toEqual(['200 (a success); 0 tries'])
})

test('a course without an answer has no end', () => {
  expect(coursesOf([good({ status: null, end: null, error: 'nobody', success: false })], plan)).toMatchObject([
    { max: Number.POSITIVE_INFINITY },
  ])
})
