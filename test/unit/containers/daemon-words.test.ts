import { expect, test } from 'vitest'
import { daemonWords, wayOutOf } from '../../../src/containers/daemon-words.ts'

test('what dockerode puts around the words of the daemon is taken away', () => {
  expect(daemonWords(new Error('(HTTP code 404) no such image - No such image: a-b:1 '))).toBe('No such image: a-b:1')
  expect(daemonWords(new Error('connect ECONNREFUSED'))).toBe('connect ECONNREFUSED')
})

test('a full disk has a way out, and other words have none', () => {
  expect(wayOutOf('write /envoy: no space left on device').hint).toMatch(/docker system df/)
  expect(wayOutOf('no such host')).toEqual({})
})
