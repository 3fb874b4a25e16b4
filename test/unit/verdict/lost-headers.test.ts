import { expect, test } from 'vitest'
import { good, many, outcome } from './records.ts'

const made = (routedBy: string[] | undefined) => {
  const [call] = good().calls
  return [
    { ...(call as NonNullable<typeof call>), egress: { ...(call as NonNullable<typeof call>).egress, ...(routedBy ? { routedBy } : {}) } },
  ]
}
const requests = [{ headers: { 'x-canary': 'yes' } }, { headers: {} }]
const why = (handed: number, lost: number) =>
  outcome(
    { status: 201 },
    [
      ...many(handed, (parts) => good({ ...parts, joined: true, calls: made(['x-canary: yes']) })),
      ...many(lost, (parts) => good({ ...parts, joined: true, calls: made([]) })),
      // Without the header: none that could be lost.
      ...many(5, (parts) => good({ ...parts, request: 1, joined: true, calls: made([]) })),
    ],
    { app: true, requests, routedBy: ['x-canary'] },
  ).why

test('a header that routes look for and the app does not hand on is named where a claim fails', () => {
  expect(why(0, 12)).toMatch(
    /; the app does not hand on x-canary, which routes look for: the load sent it with 12 requests, and the calls made for them came to Envoy without it$/,
  )
})

test('and how many it was lost of', () => {
  expect(why(8, 4)).toMatch(/the load sent it with 12 requests, and the calls made for 4 of them came to Envoy without it$/)
})

test('one that it hands on is no matter', () => {
  expect(why(12, 0)).not.toContain('hand on')
})

test('what Envoy did not log is not known to be lost', () => {
  const records = many(12, (parts) => good({ ...parts, joined: true, calls: made(undefined) }))
  expect(outcome({ status: 201 }, records, { app: true, requests, routedBy: ['x-canary'] }).why).not.toContain('hand on')
})
