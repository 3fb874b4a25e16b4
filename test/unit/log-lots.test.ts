import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { withLogLots } from '../../src/log-lots.ts'
import type { LogLines } from '../../src/observe/parse-logs.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** The folder of a run with these lines in each log. */
function folderOf(logs: Record<string, readonly string[]>): string {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-lots-'))
  folders.push(folder)
  mkdirSync(join(folder, 'logs'))
  for (const [name, lines] of Object.entries(logs)) writeFileSync(join(folder, 'logs', name), lines.map((line) => `${line}\n`).join(''))
  return folder
}

const line = (id: string | null, n: number) => JSON.stringify({ flags: '-', id, n, path: '/"id":"r-1"' })
const all = () => undefined
const ids = (lines: Iterable<string>) => [...lines].map((each) => (JSON.parse(each) as { id: string | null }).id)

test('lines go to the lot of their request, in order; those that are not of the load come first', () => {
  const egress = ['r-3', 'r-1', 'made-by-envoy', 'r-5', 'r-2', null, 'r-4', 'r-6'].map(line)
  const folder = folderOf({ 'egress.ndjson': egress, 'hop.ndjson': ['r-6', 'r-1'].map(line) })
  const seen = withLogLots(folder, 6, all, (lots) => [...lots].map(({ egress, hop }) => [ids(egress), ids(hop)]), 2)
  expect(seen).toEqual([
    [['made-by-envoy', null], []],
    [['r-1', 'r-2'], ['r-1']],
    [['r-3', 'r-4'], []],
    [['r-5', 'r-6'], ['r-6']],
  ])
})

const read = (lots: Iterable<LogLines>) => [...lots].map(({ egress }) => ids(egress))

test('they can be gone through again, and are gone afterwards', () => {
  const folder = folderOf({ 'egress.ndjson': ['r-1', 'r-2', 'r-3'].map(line) })
  withLogLots(folder, 3, all, (lots) => expect(read(lots)).toEqual(read(lots)), 1)
  expect(readdirSync(join(folder, 'logs'))).toEqual(['egress.ndjson'])
})

test('also where the work on them fails', () => {
  const folder = folderOf({ 'egress.ndjson': ['r-1', 'r-2'].map(line) })
  const broken = () =>
    withLogLots(
      folder,
      2,
      all,
      () => {
        throw new Error('broken')
      },
      1,
    )
  expect(broken).toThrow('broken')
  expect(readdirSync(join(folder, 'logs'))).toEqual(['egress.ndjson'])
})

test('few requests are one lot, and nothing is written', () => {
  const folder = folderOf({ 'egress.ndjson': ['r-2', 'other', 'r-1'].map(line) })
  withLogLots(folder, 2, all, (lots) => {
    expect([...lots].map(({ egress }) => ids(egress))).toEqual([['r-2', 'other', 'r-1']])
    expect(existsSync(join(folder, 'logs', 'stub.ndjson'))).toBe(false)
  })
})

test('what was added to a log after the run is left out', () => {
  const lines = ['r-1', 'r-2', 'r-3'].map(line)
  const folder = folderOf({ 'egress.ndjson': lines })
  const bytes = (lines[0] as string).length + 1 + (lines[1] as string).length + 1
  for (const perLot of [1, 10])
    expect(
      withLogLots(
        folder,
        3,
        () => bytes,
        (lots) => [...lots].flatMap(({ egress }) => ids(egress)),
        perLot,
      ),
    ).toEqual(['r-1', 'r-2'])
})

test('a last line that was cut off is kept for its reader to see', () => {
  const folder = folderOf({ 'egress.ndjson': ['r-1', 'r-2'].map(line) })
  const cut = line('r-1', 0).length + 1 + 20
  const texts = withLogLots(
    folder,
    2,
    () => cut,
    (lots) => [...lots].flatMap(({ egress }) => [...egress]).join(''),
    1,
  )
  expect(texts).toContain(line('r-2', 1).slice(0, 20))
})

test('all lines of a call that says by a header of its own whose it is come first: its x-request-id may be that of any request', () => {
  const called = (call: string, id: string, more: object) => JSON.stringify({ call, id, ...more })
  const folder = folderOf({
    'egress.ndjson': [
      called('a', 'r-1', { own: 'r-1' }),
      called('b', 'r-1', { own: 'r-3' }),
      called('c', 'r-2', { own: null }),
      called('d', 'r-3', { own: 'none of ours' }),
    ],
    'attempts.ndjson': ['a', 'b', 'c'].map((call) => called(call, 'r-1', { n: 1 })),
  })
  const calls = (lines: Iterable<string>) => [...[...lines].join().matchAll(/"call":"(.)"/g)].map(([, call]) => call)
  const seen = withLogLots(folder, 4, all, (lots) => [...lots].map(({ egress, attempts }) => [calls(egress), calls(attempts)]), 2)
  expect(seen).toEqual([
    [['b'], ['b']],
    [
      ['a', 'c'],
      ['a', 'c'],
    ],
    [['d'], []],
  ])
})
