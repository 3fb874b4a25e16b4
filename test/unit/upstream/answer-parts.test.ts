import { describe, expect, test } from 'vitest'
import { AnswerParts } from '../../../src/upstream/answer-parts.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\na;x=1\r\n0123456789\r\n0\r\n\r\n'
const COUNTED = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'

/** What comes of a text that arrives in pieces of this size: its heads, how many answers ended, and all bytes that were let through. */
function read(text: string, size = text.length, isHead = false) {
  const parts = new AnswerParts()
  parts.expect({ isHead })
  const seen = { heads: [] as string[], ends: 0, bytes: '' }
  const whole = Buffer.from(text, 'latin1')
  for (let at = 0; at < whole.length; at += size)
    for (const part of parts.read(whole.subarray(at, at + size))) {
      if (part.kind === 'end') seen.ends++
      else seen.bytes += part.bytes.toString('latin1')
      if (part.kind === 'head') seen.heads.push(part.bytes.toString('latin1').split('\r\n')[0] as string)
    }
  return seen
}

describe.each([1, 2, 3, 7, 1000])('in pieces of %i bytes', (size) => {
  test.each([
    ['of a known length', COUNTED, 1],
    ['chunked, with an extension', CHUNKED, 1],
    ['chunked, with a trailer', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-t: 1\r\n\r\n', 1],
    ['empty', 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n', 1],
    ['204, whatever it says', 'HTTP/1.1 204 No Content\r\n\r\n', 1],
    ['304 with the length of what it stands for', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n', 1],
    ['without a length: to the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nand so on', 0],
    ['two, one after the other', COUNTED + CHUNKED, 2],
    ['behind a 100 Continue, which is none', `HTTP/1.1 100 Continue\r\n\r\n${COUNTED}`, 1],
  ])('%s', (_, text, ends) => expect(read(text, size)).toMatchObject({ ends, bytes: text }))

  test('a body that looks like a head is a body', () => {
    const text = `HTTP/1.1 200 OK\r\ncontent-length: ${COUNTED.length}\r\n\r\n${COUNTED}`
    expect(read(text, size)).toEqual({ heads: ['HTTP/1.1 200 OK'], ends: 1, bytes: text })
  })

  test('the answer to HEAD ends with its head, whatever the length', () =>
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', size, true)).toMatchObject({ ends: 1 }))
})

test('a head is held back until it is whole', () => {
  const parts = new AnswerParts()
  expect([...parts.read(Buffer.from('HTTP/1.1 200 OK\r\ncontent-'))]).toEqual([])
  expect([...parts.read(Buffer.from('length: 0\r\n\r'))]).toEqual([])
  expect([...parts.read(Buffer.from('\n'))].map(({ kind }) => kind)).toEqual(['head', 'end'])
})
