import { describe, expect, test } from 'vitest'
import { answerName, asHttp, grpcNumber, grpcOfHttp, isGrpc, readGrpcStatus } from '../../../src/value/grpc-status.ts'

test.each([
  ['OK', 0],
  ['UNAUTHENTICATED', 16],
  [14, 14],
  ['14', 14],
  ['unavailable', undefined],
  ['constructor', undefined],
  [17, undefined],
  [-1, undefined],
  [1.5, undefined],
  ['', undefined],
])('%j is the status %j', (spelt, number) => expect(grpcNumber(spelt)).toBe(number))

test.each([
  [undefined, null],
  ['0', 0],
  [' 14 ', 14],
  // Two lines of one header, and what is none of gRPC's: UNKNOWN.
  ['0, 14', 2],
  ['99', 2],
  ['', 2],
])('grpc-status: %j says %j', (value, status) => expect(readGrpcStatus(value)).toBe(status))

test.each([
  ['application/grpc', true],
  ['application/grpc+proto', true],
  ['Application/GRPC', false],
  ['application/grpc; charset=utf-8', false],
  ['application/grpc-web', false],
  [undefined, false],
])('%j is gRPC: %j', (type, is) => expect(isGrpc(type)).toBe(is))

describe('beside HTTP', () => {
  test('an answer without grpc-status is what gRPC clients make of its HTTP status', () =>
    expect([200, 400, 404, 503, 500].map(grpcOfHttp)).toEqual([2, 13, 12, 14, 2]))

  test('a failed call counts as the HTTP status that Envoy takes it for', () =>
    expect([0, 14, 8, 5, 2].map((grpc) => asHttp({ status: 200, grpc }))).toEqual([200, 503, 429, 404, 500]))

  test('any other answer counts as what it is', () => {
    expect(asHttp({ status: 404, grpc: 12 })).toBe(404)
    expect(asHttp({ status: 503 })).toBe(503)
  })

  test('is called by its name', () =>
    expect([{ status: 503 }, { status: 200, grpc: 14 }, { status: 503, grpc: 14 }].map(answerName)).toEqual([
      '503',
      'UNAVAILABLE',
      '503 (UNAVAILABLE)',
    ]))
})
