import { expect, test } from 'vitest'
import { claimedId, identify } from '../../../src/load/identity.ts'
import type { Ms } from '../../../src/units.ts'
import { plan } from '../report/sample-run.ts'

const app = {
  container: undefined,
  command: ['node'],
  env: {},
  port: undefined,
  runWithin: undefined,
  ready: { by: 'port' },
  readyWithin: 1 as Ms,
  idHeader: undefined,
} as const
const withApp = { ...plan, app } as typeof plan
const withHeader = { ...plan, app: { ...app, idHeader: 'x-own' } } as typeof plan

test('load that goes straight to Envoy says who it is once', () => {
  expect(identify(plan, 41, { 'x-user': 'jason' })).toEqual({ 'x-user': 'jason', 'x-request-id': 'r-42' })
})

test.each([0, 41, 4_999_999])('whatever an app hands on of request %i, it is known by', (index) => {
  const { traceparent = '', 'x-own': own = '', 'x-request-id': id = '' } = identify(withHeader, index, {})
  expect(id).toBe(`r-${index + 1}`)
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/)
  const made = '5c9f0ab0-2b8e-4d6c-8a1e-2f6f6a1c9a01'
  for (const seen of [{ id }, { id: made, traceparent }, { id: made, own }]) expect(claimedId(seen)).toBe(id)
  // The app is a station of the trace: it hands on the trace, and makes the parent its own.
  expect(claimedId({ id: made, traceparent: traceparent.replace(/-[0-9a-f]{16}-00$/, '-00f067aa0ba902b7-01') })).toBe(id)
})

test('what is not ours is left as it is', () => {
  expect(claimedId({ id: 'made', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', own: 'abc' })).toBe('made')
  expect(claimedId({ id: null, traceparent: null })).toBe(null)
})

test('a traceparent of the scenario is sent as it is', () => {
  expect(identify(withApp, 0, { traceparent: 'mine' }).traceparent).toBe('mine')
})
