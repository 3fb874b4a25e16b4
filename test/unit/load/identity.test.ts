import { describe, expect, test } from 'vitest'
import { claimedId, identify } from '../../../src/load/identity.ts'
import { markExpression } from '../../../src/plan/marks.ts'
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

describe('of a request that was chosen', () => {
  const marked = (...bits: number[]) => identify(withHeader, 41, {}, { headers: {}, bits: bits.reduce((sum, bit) => sum + 2 ** bit, 0) })
  const matches = (ids: string, bit: number) => new RegExp(`^${markExpression(bit)}$`).test(ids)

  test('each id says for which faults, and is still its id', () => {
    const { traceparent = '', 'x-own': own = '', 'x-request-id': id = '' } = marked(0, 2)
    expect([id, own]).toEqual(['r-42.5', 'r-42.5'])
    for (const seen of [{ id }, { id: 'made', traceparent }, { id: 'made', own }]) expect(claimedId(seen)).toBe('r-42')
  })

  test.each([[[0]], [[3]], [[4]], [[0, 5, 31]], [[7, 8]], [[31]]])('for %j, each of them alone tells Envoy so', (bits) => {
    const { traceparent = '', 'x-request-id': id = '' } = marked(...bits)
    const asHandedOn = traceparent.replace(/-[0-9a-f]{16}-00$/, '-00f067aa0ba902b7-01')
    for (const ids of [`${id} - -`, `made ${traceparent} -`, `made ${asHandedOn} x`, `made - ${id}`, `${id} ${traceparent} ${id}`])
      for (let bit = 0; bit < 32; bit++) expect({ ids, bit, is: matches(ids, bit) }).toEqual({ ids, bit, is: bits.includes(bit) })
  })

  test('that it was not chosen is told, too, whatever its place in the load', () => {
    for (const index of [0, 14, 4_999_999]) {
      const { traceparent, 'x-request-id': id } = identify(withApp, index, {})
      for (let bit = 0; bit < 32; bit++) expect(matches(`${id} ${traceparent}`, bit)).toBe(false)
    }
  })
})

test('what is not ours is left as it is', () => {
  expect(claimedId({ id: 'made', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', own: 'abc' })).toBe('made')
  expect(claimedId({ id: null, traceparent: null })).toBe(null)
})

test('a traceparent of the scenario is sent as it is', () => {
  expect(identify(withApp, 0, { traceparent: 'mine' }).traceparent).toBe('mine')
})
