import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ChunkFile } from '../../src/chunk-file.ts'
import { PackedRecords } from '../../src/observe/packed-records.ts'
import { attempt, good } from './verdict/records.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaos-chunks-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Of some forty bytes each: in all a dozen chunks of 64 KiB. */
const records = Array.from({ length: 20_000 }, (_, i) => good({ id: `r-${i + 1}`, due: i, end: i + 20, attempts: [attempt({ start: i })] }))

test('records whose chunks lie on disk come out as they went in', () => {
  const packed = new PackedRecords(records.length, new ChunkFile(join(folder, 'records')))
  for (const record of records) packed.push(record)
  expect([...packed.all]).toEqual(records)
})

test('walks through them at several places at once do not disturb each other', () => {
  const packed = new PackedRecords(records.length, new ChunkFile(join(folder, 'records')))
  for (const record of records) packed.push(record)
  const walks = [0, 3000, 6000, 9000, 12_000, 15_000].map((from) => packed.all.filter(({ due }) => due >= from)[Symbol.iterator]())
  for (let i = 0; i < 5000; i++)
    expect(walks.map((walk) => walk.next().value?.id)).toEqual([0, 3000, 6000, 9000, 12_000, 15_000].map((from) => `r-${from + i + 1}`))
})

test('the file has no name, so that nothing is left of it when the process is killed', () => {
  const path = join(folder, 'records')
  const chunks = new ChunkFile(path)
  chunks.add(new Uint8Array([1, 2, 3]))
  expect(existsSync(path)).toBe(false)
  expect(readdirSync(folder)).toEqual([])
  expect([chunks.length, ...chunks.at(0)]).toEqual([1, 1, 2, 3])
})
