import { describe, expect, test } from 'vitest'
import { SMALL } from './example.ts'
import { CLAIM, FAULT, messages } from './problems.ts'

test('the scenario that these tests vary is sound', () => expect(messages()).toEqual([]))

test('a route is shadowed by one to another cluster on the shared port, not on the port where an app asks', () => {
  const stock = (prefix: string): [string, string] => [
    '{ match: { prefix: /stock }, cluster: stock }',
    `{ match: { prefix: ${prefix} }, cluster: stock }`,
  ]
  const app: [string, string] = ['load:', 'app: { command: [node, /shop.mjs] }\nload:']
  expect(messages(stock('/'))).toContainEqual(expect.stringContaining('no request reaches this route: envoy.routes[0] takes them all'))
  expect(messages(stock('/'), app)).toEqual([])
  const twice: [string, string] = ['cluster: cart, retry_policy', 'cluster: stock, retry_policy']
  expect(messages(stock('/'), app, twice)).toEqual([expect.stringContaining('no request reaches this route')])
})

describe('names of requests', () => {
  const named = (name: string): [string, string] => ['name: jason', `name: ${name}`]
  const unnamed: [string, string] = ['{ name: stock, GET: /stock }', '{ GET: /stock }']

  test('one may not be what a request without a name is called: a claim on the one would count the other in', () =>
    expect(messages(named('GET /stock'), unnamed)).toEqual([
      'load.requests[0].name: the name "GET /stock" is what load.requests[1] is called, which has none of its own',
    ]))

  test('one may look like a method and a path that no request without a name has', () => {
    expect(messages(named('GET /stock'))).toEqual([])
    expect(messages(named('GET /cart'), unnamed)).toEqual([])
  })

  test('only given names can be claimed on', () =>
    expect(messages(unnamed, [CLAIM, '{ phase: calm, request: GET /stock, success_rate: ">= 99%" }'])).toEqual([
      expect.stringContaining('unknown request'),
    ]))
})

describe('without routes', () => {
  const routes = SMALL.slice(SMALL.indexOf('  routes:'), SMALL.indexOf('load:'))

  test('several upstreams leave open where the load goes', () =>
    expect(messages([routes, ''])).toEqual([expect.stringContaining('"routes" is missing')]))

  test('one upstream gets it all', () => expect(messages([routes, ''], [', stock: {} }', ' }'])).toEqual([]))

  test('a load with a target of its own needs none', () =>
    expect(messages([routes, ''], ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080'])).toEqual([]))
})

test('sizes are bounded just where they say', () => {
  // 20000/s × 250 s = 5000000 requests
  const sized = (rate: string, length: string) =>
    messages(['rate: 100/s', `rate: ${rate}`], ['name: calm, for: 10s', `name: calm, for: ${length}`])
  expect(sized('20000/s', '230s')).toEqual([])
  expect(sized('20000/s', '231s')).toHaveLength(1)
  expect(sized('1/s', '86380s')).toEqual([])
  expect(sized('1/s', '86381s')).toHaveLength(1)
})

describe('with an app between the load and Envoy', () => {
  const app: [string, string] = ['envoy:\n', 'app: { command: [node] }\nenvoy:\n']

  test('the paths of the load are those of the app', () => expect(messages(app, ['GET: /stock', 'GET: /buy'])).toEqual([]))

  test('routes may be left out, since each cluster has a port of its own', () =>
    expect(messages(app, [SMALL.slice(SMALL.indexOf('  routes:'), SMALL.indexOf('load:')), ''])).toEqual([]))

  test('any cluster and header may be met, and how often is not known before', () =>
    expect(
      messages(
        app,
        [FAULT, '{ cluster: stock, abort: 503, when: { header: { x-of: the-app } } }'],
        [CLAIM, '{ phase: storm, retries: 9 }'],
      ),
    ).toEqual([]))

  test("a fault before the router is right for a policy that is the app's own", () =>
    expect(messages(app, [FAULT, '{ cluster: cart, abort: 503, at: ingress }'], [CLAIM, '{ phase: storm, attempts: 1 }'])).toEqual([]))
})
