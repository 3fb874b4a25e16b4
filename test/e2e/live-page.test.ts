import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { chaos, newFolder, type Started, start, until, writeScenario } from '../helpers/run.ts'

async function ask(port: string, path = '/', headers: Record<string, string> = {}, method = 'GET') {
  const asked = request({ host: '127.0.0.1', port, path, method, headers }).end()
  const [answer] = await once(asked, 'response')
  if (path === '/events' && answer.statusCode === 200) {
    const [first] = await once(answer, 'data')
    asked.destroy()
    return { status: 200, text: String(first) }
  }
  return { status: answer.statusCode as number, text: await text(answer) }
}

async function portOf(running: Started): Promise<string> {
  const port = () => /the run as a page: http:\/\/127\.0\.0\.1:(\d+)\/\n/.exec(running.stderr())?.[1]
  await until('the port is told', () => port() !== undefined)
  await until('the load begins', () => running.stderr().includes('phase 1/'))
  return port() as string
}

const begin = (seconds: number, ...flags: string[]) => {
  const folder = newFolder()
  return start(['run', writeScenario(folder, { seconds }), '--out', join(folder, 'out'), ...flags])
}

test('the page answers by its own name alone, and its port is closed with the run', async () => {
  const running = begin(3, '--ui')
  const port = await portOf(running)
  const { status, text: page } = await ask(port)
  expect(status).toBe(200)
  expect(page).toContain("connect-src 'self'")
  expect((await ask(port, '/events')).text).toMatch(/^retry: 1000\ndata: \{/)
  expect((await ask(port, '/', { host: 'evil.example' })).status).toBe(403)
  expect((await ask(port, '/events', { host: `evil.example:${port}` })).status).toBe(403)
  expect((await ask(port, '/events', { origin: 'http://evil.example' })).status).toBe(403)
  expect((await ask(port, '/other')).status).toBe(404)
  expect((await ask(port, '/', {}, 'POST')).status).toBe(405)
  expect((await running.finished).code).toBe(0)
  await expect(ask(port)).rejects.toThrow('ECONNREFUSED')
  expect(running.alive()).toEqual([])
})

test('a run that is killed leaves no port', async () => {
  const running = begin(60, '--ui')
  const port = await portOf(running)
  process.kill(running.pid, 'SIGKILL')
  await running.finished
  await expect(ask(port)).rejects.toThrow('ECONNREFUSED')
  await until('nothing is left', () => running.alive().length === 0)
})

test('a report that stays is there until Ctrl-C, which ends with the code of the run', async () => {
  const running = begin(1, '--ui-stay')
  const port = await portOf(running)
  await until('the report stays', () => running.stderr().includes('until Ctrl-C'))
  expect((await ask(port)).text).toContain('"status":"pass"')
  process.kill(running.pid, 'SIGINT')
  expect((await running.finished).code).toBe(0)
  await expect(ask(port)).rejects.toThrow('ECONNREFUSED')
})

test('several scenarios have no page, and none of them is run', async () => {
  const file = writeScenario(newFolder())
  const { code, stderr } = await chaos(['run', file, file, '--ui'])
  expect(code).toBe(2)
  expect(stderr).toContain('--ui shows one scenario, and these are 2')
})
