import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, headersOf, type RequestKind, type Route, routeFor, routeOf } from '../../../src/scenario/routing.ts'

const get = (path: string, headers: Record<string, string> = {}): RequestKind => ({ GET: path, weight: 1, headers })
const upstream = { replicas: 1, respond: { status: 200, headers: {} } }
const scenario = (...routes: Route[]) => ({ upstreams: { a: upstream, b: upstream }, envoy: { clusters: {}, routes } })
const to = (cluster: string, match: Route['match']): Route => ({ match, cluster })

describe('routeOf', () => {
  test('a prefix takes what begins with it, a path only itself; the query counts for neither', () => {
    const routes = scenario(to('a', { path: '/x' }), to('b', { prefix: '/x' }))
    expect(['/x', '/x?q=/y', '/x/', '/xy', '/y', '/y?/x'].map((path) => routeOf(routes, get(path)))).toEqual([
      'a',
      'a',
      'b',
      'b',
      undefined,
      undefined,
    ])
  })

  test('the first match wins', () => expect(routeOf(scenario(to('a', { prefix: '/' }), to('b', { path: '/x' })), get('/x'))).toBe('a'))

  test('headers must all be there, with exactly these values', () => {
    const routes = scenario(to('a', { prefix: '/', headers: { u: '1', v: '2' } }), to('b', { prefix: '/' }))
    expect([{ u: '1', v: '2', w: '3' }, { u: '1' }, { u: '1', v: '22' }, {}].map((headers) => routeOf(routes, get('/', headers)))).toEqual([
      'a',
      'b',
      'b',
      'b',
    ])
  })

  test('a header that every object inherits is not there', () =>
    expect(routeOf(scenario(to('a', { prefix: '/', headers: { constructor: '1' } })), get('/'))).toBeUndefined())

  test('without routes, the only upstream gets everything; of several, none', () => {
    expect(routeOf({ upstreams: { a: upstream }, envoy: { clusters: {} } }, get('/x'))).toBe('a')
    expect(routeOf({ upstreams: { a: upstream, b: upstream }, envoy: { clusters: {} } }, get('/x'))).toBeUndefined()
  })
})

test('a JSON body has a content type, unless the scenario gives one', () => {
  expect(headersOf({ POST: '/', weight: 1, headers: { a: '1' }, json: {} })).toEqual({ a: '1', 'content-type': 'application/json' })
  expect(headersOf({ POST: '/', weight: 1, headers: { 'content-type': 'text/x' }, json: {} })).toEqual({ 'content-type': 'text/x' })
  expect(headersOf(get('/'))).toEqual({})
})

test('a route that another covers is never taken', () => {
  const path = fc.array(fc.constantFrom('/', '/a', '/b', '?c'), { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('')}`)
  const bare = path.map((text) => text.replaceAll('?', ''))
  const headers = fc.dictionary(fc.constantFrom('u', 'v'), fc.constantFrom('1', '2'))
  const match = fc.oneof(fc.record({ prefix: bare, headers }), fc.record({ path: bare, headers }))
  fc.assert(
    fc.property(match, match, path, headers, (earlier, later, at, sent) => {
      if (covers(earlier, later)) expect(routeFor(scenario(to('a', earlier), to('b', later)), get(at, sent))?.cluster).not.toBe('b')
    }),
    { numRuns: 2000 },
  )
})
