import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { packed, unpacked } from '../../../src/containers/archive.ts'

const FILES = [
  { path: '/logs/', content: '', mode: 0o755 },
  { path: '/logs/a', content: 'first', mode: 0o644 },
  { path: '/logs/b', content: 'second', mode: 0o644 },
]

test('an archive is gone through file by file, folders left out', async () => {
  const seen: string[] = []
  await unpacked(packed(FILES), async (name, content) => void seen.push(name, await text(content)))
  expect(seen).toEqual(['a', 'first', 'b', 'second'])
})

test('an archive is given up where a file of it cannot be kept', async () => {
  const archive = Readable.from(packed(FILES), { objectMode: false })
  const full = () => Promise.reject(new Error('the disk is full'))
  await expect(unpacked(archive, full)).rejects.toThrow('the disk is full')
  expect(archive.destroyed).toBe(true)
})
