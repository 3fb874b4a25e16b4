import { describe, expect, test } from 'vitest'
import { FAULT, messages } from './problems.ts'

describe('headers', () => {
  test.each([
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'expect',
    'upgrade',
    'keep-alive',
    'te',
    'trailer',
    'x-request-id',
    'X-Envoy-Attempt-Count',
    'x-envoy-upstream-rq-timeout-ms',
    'x-envoy-upstream-rq-per-try-timeout-ms',
    'x-envoy-retry-on',
    'x-envoy-max-retries',
  ])('%s cannot be sent', (name) => expect(messages(['x-user: jason', `${name}: 1`])).toEqual([expect.stringContaining('cannot be set')]))

  const elsewhere: [string, string] = ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080']
  test.each(['application/grpc', 'application/grpc+proto', 'Application/GRPC; a=b', 'application/grpc-web'])(
    'the content type %s cannot be sent to an app, which takes gRPC over HTTP/2 alone',
    (type) => expect(messages(['x-user: jason', `content-type: "${type}"`], elsewhere)).toEqual([expect.stringContaining('HTTP/1.1')]),
  )

  test.each(['Application/GRPC', 'application/grpc; a=b', 'application/grpc-web'])(
    'the content type %s cannot be sent, which Envoy does not take for gRPC',
    (type) => expect(messages(['x-user: jason', `content-type: "${type}"`])).toEqual([expect.stringContaining('exactly so')]),
  )

  test('other content types can be sent', () => expect(messages(['x-user: jason', 'content-type: application/json'])).toEqual([]))

  test.each<[string, ...[string, string]]>([
    ['of the load', 'x-user: jason', 'x-user: josé'],
    ['of a condition', FAULT, '{ cluster: cart, abort: 503, when: { header: { x-user: josé } } }'],
    ['of a route', '{ prefix: /stock }', '{ prefix: /stock, headers: { x-user: josé } }'],
    ['of a claim', 'phase: calm,', 'phase: calm, given: { header: { x-user: josé } },'],
    ['of an answer', 'stock: {}', 'stock: { respond: { headers: { x-user: josé } } }'],
  ])('a value %s has ASCII characters only', (_, from, to) =>
    expect(messages([from, to])).toEqual([expect.stringContaining('ASCII characters only')]),
  )

  test('to an app, those that only Envoy would strip can be sent', () => {
    const target: [string, string] = ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080']
    expect(messages(target, ['x-user: jason', 'x-envoy-max-retries: 1'])).toEqual([])
    expect(messages(target, ['x-user: jason', 'x-request-id: 1'])).toHaveLength(1)
  })

  test('a condition finds its header whatever the case of its name, but not of its value', () => {
    expect(messages([FAULT, '{ cluster: cart, abort: 503, when: { header: { X-USER: jason } } }'])).toEqual([])
    expect(messages([FAULT, '{ cluster: cart, abort: 503, when: { header: { x-user: Jason } } }'])).toHaveLength(1)
  })

  test('a JSON body brings its content type', () =>
    expect(
      messages(
        ['GET: /stock', 'POST: /stock, json: {}'],
        ['{ prefix: /stock }', '{ prefix: /stock, headers: { content-type: application/json } }'],
      ),
    ).toEqual([]))
})
