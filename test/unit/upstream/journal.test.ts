import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Journal } from '../../../src/upstream/journal.ts'
import type { JournalLine } from '../../../src/upstream/spec.ts'

const line = (id: string) => ({ id }) as JournalLine

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function record(journal: Journal, ...ids: string[]): void {
  for (const id of ids) {
    journal.begin()
    journal.finish(line(id))
  }
}

test('the lines of 50 ms leave in one write', async () => {
  const writes: string[] = []
  const journal = new Journal(async (text) => void writes.push(text))
  record(journal, 'a', 'b')
  await vi.advanceTimersByTimeAsync(49)
  expect(writes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(writes).toEqual(['{"id":"a"}\n{"id":"b"}\n'])
})

test('flush writes at once and counts all lines since the start', async () => {
  const writes: string[] = []
  const journal = new Journal(async (text) => void writes.push(text))
  expect(await journal.flush()).toBe(0)
  record(journal, 'a')
  expect(await journal.flush()).toBe(1)
  record(journal, 'b', 'c')
  expect(await journal.flush()).toBe(3)
  await vi.advanceTimersByTimeAsync(1000)
  expect(writes).toEqual(['{"id":"a"}\n', '{"id":"b"}\n{"id":"c"}\n'])
})

test('flush waits for a write under way, and writes never overlap', async () => {
  const done: string[] = []
  let writing = 0
  const journal = new Journal(async (text) => {
    expect(++writing).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    writing--
    done.push(text)
  })
  record(journal, 'a')
  const one = journal.flush()
  await vi.advanceTimersByTimeAsync(1)
  record(journal, 'b')
  const two = journal.flush()
  await vi.advanceTimersByTimeAsync(200)
  expect([await one, await two]).toEqual([1, 2])
  expect(done).toEqual(['{"id":"a"}\n', '{"id":"b"}\n'])
})

test('a reader that is gone makes flush throw', async () => {
  const journal = new Journal(() => Promise.reject(new Error('EPIPE')))
  record(journal, 'a')
  await expect(journal.flush()).rejects.toThrow('EPIPE')
})

test('active counts what has begun and is not finished', () => {
  const journal = new Journal(async () => {})
  journal.begin()
  journal.begin()
  expect(journal.active).toBe(2)
  journal.finish(line('a'))
  expect(journal.active).toBe(1)
})
