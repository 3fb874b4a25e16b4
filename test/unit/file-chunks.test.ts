import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { chunksOf, linePiecesOf, linesOf } from '../../src/file-chunks.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaos-chunks-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function fileOf(text: string): string {
  const path = join(folder, String(files++))
  writeFileSync(path, text)
  return path
}

/** Around the 65,536 bytes that are read at once, and some times as many. */
const length = fc.oneof(fc.nat(20), fc.integer({ min: 65_500, max: 65_560 }), fc.integer({ min: 131_000, max: 200_000 }))

test('the lines of a file are those that a split of its text gives, however long they are', () => {
  const line = fc.tuple(fc.constantFrom('a', 'é', '𝄞'), length).map(([letter, count]) => letter.repeat(count / Buffer.byteLength(letter)))
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, ended) => {
      const text = lines.join('\n') + (ended ? '\n' : '')
      const path = fileOf(text)
      expect([...linesOf(path)]).toEqual(text.split('\n').filter((one) => one !== ''))
      expect([...linePiecesOf(path)].length).toBeLessThanOrEqual(Math.ceil(text.length / 32_768) + 1)
      rmSync(path)
    }),
    { numRuns: 60 },
  )
})

test('what lies beyond the given bytes is left out', () => {
  const text = 'first\n'.repeat(20_000)
  const path = fileOf(`${text}later\n`)
  expect([...linesOf(path, text.length)]).toEqual(Array(20_000).fill('first'))
  expect([...linesOf(path, text.length - 3)].at(-1)).toBe('fir')
  let read = ''
  for (const chunk of chunksOf(path, text.length)) read += chunk.toString()
  expect(read).toBe(text)
})

test('files that are read at the same time do not disturb each other, nor does one that was given up', () => {
  const [a, b] = ['a', 'b'].map((letter) => fileOf(`${letter}\n`.repeat(100_000)))
  for (const _ of linesOf(a as string)) break
  const [first, second] = [linesOf(a as string), linesOf(b as string)]
  for (let i = 0; i < 100_000; i++) expect(`${first.next().value}${second.next().value}`).toBe('ab')
})
