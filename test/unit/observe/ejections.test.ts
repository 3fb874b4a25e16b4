import { expect, test } from 'vitest'
import { ejectionsContradict, ejectionsIn } from '../../../src/observe/ejections.ts'
import type { Plan } from '../../../src/plan/plan.ts'

const START = Date.parse('2026-11-23T04:47:30.000Z')
const line = (at: string, action: 'EJECT' | 'UNEJECT', { enforced = action === 'EJECT', host = '127.0.0.1:1', cluster = 'shop' } = {}) => ({
  timestamp: `2026-11-23T04:47:${at}Z`,
  cluster_name: cluster,
  upstream_url: host,
  action,
  enforced,
})

const ndjson = (lines: object[]) => lines.map((each) => `${JSON.stringify(each)}\n`).join('')

test('a host is out from its ejection to its return, each time anew', () => {
  const lines = [line('31.246', 'EJECT'), line('31.672', 'UNEJECT'), line('31.809', 'EJECT'), line('32.670', 'UNEJECT')]
  expect(ejectionsIn(ndjson(lines), START)).toEqual([
    { cluster: 'shop', from: 1246, to: 1672 },
    { cluster: 'shop', from: 1809, to: 2670 },
  ])
})

test('hosts go out and return on their own', () => {
  const lines = [
    line('31.000', 'EJECT'),
    line('31.500', 'EJECT', { host: '127.0.0.1:2' }),
    line('32.000', 'UNEJECT'),
    line('33.000', 'EJECT', { cluster: 'cart' }),
  ]
  expect(ejectionsIn(ndjson(lines), START)).toEqual([
    { cluster: 'shop', from: 1000, to: 2000 },
    { cluster: 'shop', from: 1500, to: Number.POSITIVE_INFINITY },
    { cluster: 'cart', from: 3000, to: Number.POSITIVE_INFINITY },
  ])
})

test('a host that is only detected stays in', () => {
  expect(ejectionsIn(ndjson([line('31.000', 'EJECT', { enforced: false })]), START)).toEqual([])
})

test('a line that was cut off is missed by the counter', () => {
  const plan = { stubs: { servers: [{ cluster: 'shop' }] }, containers: [] } as unknown as Plan
  const found = ejectionsIn(`${ndjson([line('31.000', 'EJECT'), line('31.500', 'UNEJECT')])}{"type":"CONSEC`, START)
  const counted = (count: number) => ({ 'cluster.shop.outlier_detection.ejections_enforced_total': count })
  expect(ejectionsContradict(plan, found, counted(1))).toEqual([])
  expect(ejectionsContradict(plan, found, counted(2))).toEqual(['Envoy counted 2 ejections of hosts of shop, but its log has 1'])
  // Envoy died: nobody could ask it.
  expect(ejectionsContradict(plan, found, {})).toEqual([])
})
