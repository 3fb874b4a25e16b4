import { expect, test } from 'vitest'
import { endsRequest, nameOfTimeout, placeOfTimeout, sightOf, TIMEOUTS } from '../../../src/scenario/timeouts.ts'

const at = { route: 'route-3', cluster: 'stock' }

test.each([
  ['route', 'envoy.routes[2].timeout'],
  ['idle', 'envoy.routes[2].idle_timeout'],
  ['max_stream_duration', 'envoy.routes[2].max_stream_duration.max_stream_duration'],
  ['request', 'envoy.http_connection_manager.request_timeout'],
  ['per_try', 'envoy.routes[2].retry_policy.per_try_timeout'],
  ['per_try_idle', 'envoy.routes[2].retry_policy.per_try_idle_timeout'],
  ['connect', 'envoy.clusters.stock.connect_timeout'],
] as const)('%s stands at %s', (by, place) => expect(placeOfTimeout(by, at)).toBe(place))

test('on a route that is none of the scenario it has a name only', () => {
  expect(placeOfTimeout('route', { route: 'default', cluster: 'stock' })).toBe("the route's timeout")
  expect(placeOfTimeout('per_try', { route: null, cluster: null })).toBe('per_try_timeout')
  expect(placeOfTimeout('connect', { route: null, cluster: null })).toBe('connect_timeout')
})

test('every limit is listed once above', () => expect(TIMEOUTS).toHaveLength(7))

test('of the four that people mix up, two see the response', () => {
  expect((['route', 'per_try'] as const).map(sightOf)).toEqual(['it watches the response', 'it watches the response'])
  expect((['connect', 'request'] as const).map(sightOf)).toEqual(['it never sees the response', 'it never sees the response'])
})

test('what ends an attempt may be followed by another', () =>
  expect(TIMEOUTS.filter((by) => !endsRequest(by)).map(nameOfTimeout)).toEqual([
    'per_try_timeout',
    'per_try_idle_timeout',
    'connect_timeout',
  ]))
