import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { chaos, newFolder } from '../helpers/run.ts'

const LINE = (i: number) =>
  `[2026-11-24T10:31:${String(i % 60).padStart(2, '0')}.000Z] "GET / HTTP/1.1" 200 - 0 9 ${10 + (i % 10)} 9 "-" "-" "-" "shop" "10.0.0.1:80"\n`
const lines = (n: number) => Array.from({ length: n }, (_, i) => LINE(i)).join('')

test('a plain file and a packed one are read together, and a line that is none is told with its place', async () => {
  const folder = newFolder()
  const [plain, packed] = [join(folder, 'a.log'), join(folder, 'b.log.gz')]
  writeFileSync(plain, `${lines(300)}starting\n`)
  writeFileSync(packed, gzipSync(lines(300)))
  const { code, stdout, stderr } = await chaos(['tune', '--from', plain, packed, '--false-timeouts', '1%', '--retries', '0'])
  expect(code).toBe(0)
  expect(stdout).toContain('host shop')
  expect(stdout).toContain('600: 600 served')
  // All lie below 20 ms; a bucket of 4 %, 1 ms of rounding, and then the next round number.
  expect(stdout).toContain('timeout: 0.025s')
  expect(stderr).toContain(`${plain}:301:1: warning: not a line of an access log of Envoy: expected [%START_TIME%]`)
  expect(stderr).toContain('1 of 601 lines are left out')
})

test('as rules of Istio', async () => {
  const file = join(newFolder(), 'a.log')
  writeFileSync(file, lines(400))
  const { stdout } = await chaos(['tune', '--from', file, '--false-timeouts', '1%', '--istio'])
  expect(stdout).toContain('kind: VirtualService')
  expect(stdout).toContain('perTryTimeout: 0.025s')
})

test('too few requests for the share: exit 4, and how many it takes', async () => {
  const file = join(newFolder(), 'a.log')
  writeFileSync(file, lines(300))
  const { code, stdout } = await chaos(['tune', '--from', file])
  expect(code).toBe(4)
  expect(stdout).toContain('0.1% takes at least 3,688 requests')
  expect(stdout).not.toContain('routes:')
})

test('a log that is none, a file that is not there and a share that is none end with exit 2 and say what to do', async () => {
  const file = join(newFolder(), 'a.log')
  writeFileSync(file, 'hello\n')
  const other = await chaos(['tune', '--from', file])
  expect(other).toMatchObject({ code: 2, stdout: '' })
  expect(other.stderr).toContain(`${file}:1:1`)
  expect(other.stderr).toContain('%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%')
  expect(await chaos(['tune', '--from', `${file}.gone`])).toMatchObject({ code: 2 })
  expect(await chaos(['tune', '--from', file, '--false-timeouts', '0%'])).toMatchObject({ code: 2 })
  expect(await chaos(['tune'])).toMatchObject({ code: 2 })
})
