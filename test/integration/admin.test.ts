import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Admin } from '../../src/topology/admin.ts'
import { runScenario } from '../helpers/scenario.ts'

describe('setRuntime', () => {
  /** What was set, request by request, on a server that answers as Envoy's admin interface would. */
  const posts: Record<string, string>[] = []
  const paths: string[] = []
  const entries: Record<string, { final_value: string }> = {}
  let failing = false
  let server: Server
  let admin: Admin

  beforeAll(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url as string, 'http://envoy')
      if (request.method === 'POST') {
        const set = Object.fromEntries(url.searchParams)
        paths.push(request.url as string)
        posts.push(set)
        for (const [key, value] of Object.entries(set)) entries[key] = { final_value: value }
      }
      response.writeHead(failing ? 500 : 200).end(JSON.stringify({ entries }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => server.close())
  beforeEach(() => {
    posts.length = 0
    paths.length = 0
    for (const key of Object.keys(entries)) delete entries[key]
    failing = false
    admin = new Admin({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    return () => admin.close()
  })

  const keys = (n: number, value: string) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`chaos.fault-${i}.percent`, value]))
  const FRACTION = '{"numerator":15000,"denominator":"MILLION"}'

  test('sends what differs from what was last set; what was never set is asleep', async () => {
    await admin.setRuntime({ a: '0', b: '50', c: '0' })
    await admin.setRuntime({ a: '0', b: '50', c: '0' })
    await admin.setRuntime({ a: '10', b: '0', c: '0' })
    expect(posts).toEqual([{ b: '50' }, { a: '10', b: '0' }])
  })

  test('switches 50 faults off and 50 on at one instant', async () => {
    const long = (from: number) =>
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`chaos.${'x'.repeat(40)}-${from + i}-2.percent`, FRACTION]))
    await admin.setRuntime(long(100))
    const off = Object.fromEntries(Object.keys(long(100)).map((key) => [key, '0']))
    await admin.setRuntime({ ...off, ...long(200) })
    expect(posts.map((set) => Object.keys(set).length)).toEqual([50, 100])
  })

  test('sends more than fits into one request in several', async () => {
    await admin.setRuntime(keys(2000, FRACTION))
    expect(Object.assign({}, ...posts)).toEqual(keys(2000, FRACTION))
    for (const path of paths) expect(path.length).toBeLessThan(20_000)
    expect(paths.length).toBeLessThan(15)
  })

  test('sets anew what was not confirmed', async () => {
    failing = true
    await expect(admin.setRuntime({ a: '50' })).rejects.toThrow('answered 500')
    failing = false
    await admin.setRuntime({ a: '0' })
    expect(posts).toEqual([{ a: '50' }, { a: '0' }])
  })

  test('tells when a value is not the one that was set', async () => {
    await admin.setRuntime({ a: '50' })
    entries.a = { final_value: '7' }
    await expect(admin.setRuntime({ a: '50', b: '1' })).rejects.toThrow('a was set to 50 but reads 7')
  })
})

test('a real Envoy switches 600 faults, 50 in each of 12 phases', async () => {
  const faults = Array.from({ length: 50 }, () => '{ cluster: shop, abort: 503, percent: 99.5 }').join(', ')
  const phases = Array.from({ length: 12 }, (_, i) => `{ name: a-rather-long-name-of-a-phase-${i}, for: 50ms, faults: [${faults}] }`)
  const { records } = await runScenario(`
upstreams: { shop: {} }
load: { rate: 100/s }
phases: [${phases.join(', ')}, { name: after, for: 300ms }]
`)
  const [first, last] = [records[0], records.at(-1)]
  expect([first?.status, last?.status]).toEqual([503, 200])
})
