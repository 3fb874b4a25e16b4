import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { frames, unframed } from '../../../src/containers/output-frames.ts'

const piece = (text: string) => {
  const header = Buffer.alloc(8)
  header[0] = 1
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

const WHOLE = Buffer.concat([piece('first\n'), piece(''), piece('second, é\n')])
const SAID = 'first\nsecond, é\n'

test('what a container said is told without the headers of its pieces', () => {
  expect(Buffer.concat([...frames(WHOLE)]).toString()).toBe(SAID)
})

test.each([1, 3, 8, 9, 1000])('it is the same where it comes in parts of %i bytes', async (size) => {
  const parts = Array.from({ length: Math.ceil(WHOLE.length / size) }, (_, i) => WHOLE.subarray(i * size, (i + 1) * size))
  const said: Buffer[] = []
  for await (const part of unframed(Readable.from(parts))) said.push(part)
  expect(Buffer.concat(said).toString()).toBe(SAID)
})

test('a piece that was cut off is told as far as it came', async () => {
  const said: Buffer[] = []
  for await (const part of unframed(Readable.from([WHOLE.subarray(0, 12)]))) said.push(part)
  expect(Buffer.concat(said).toString()).toBe('firs')
})
