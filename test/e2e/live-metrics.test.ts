import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readOpenMetrics } from '../helpers/openmetrics.ts'
import { chaos, loadRuns, newFolder, STACK_TRACE, type Started, start, until, writeScenario } from '../helpers/run.ts'

interface Asked {
  path?: string
  method?: string
  host?: string
}

async function ask(port: string, { path = '/metrics', method = 'GET', host }: Asked = {}) {
  const asked = request({ host: '127.0.0.1', port, path, method, headers: host === undefined ? {} : { host } }).end()
  const [answer] = await once(asked, 'response')
  return { status: answer.statusCode as number, type: answer.headers['content-type'] as string, text: await text(answer) }
}

async function portOf(running: Started): Promise<string> {
  const port = () => /metrics while the run goes on: http:\/\/127\.0\.0\.1:(\d+)\/metrics\n/.exec(running.stderr())?.[1]
  await until('the port is told', () => port() !== undefined)
  return port() as string
}

test('a run is told while it goes on, and its port is closed when it is ended', async () => {
  const folder = newFolder()
  const file = writeScenario(folder, { seconds: 60, faults: ['{ cluster: shop, abort: 503, percent: 50 }'] })
  const running = start(['run', file, '--out', join(folder, 'out'), '--metrics-port', '0'])
  const port = await portOf(running)
  await loadRuns(running)
  const ended = async () => {
    const { text } = await ask(port)
    const all = readOpenMetrics(text).filter(({ name }) => name === 'chaos_requests_total')
    return all.reduce((sum, { value }) => sum + value, 0)
  }
  await until('some requests ended', async () => (await ended()) > 10)
  const before = await ended()
  await until('more of them ended', async () => (await ended()) > before)
  const { status, type, text } = await ask(port)
  expect([status, type]).toEqual([200, 'application/openmetrics-text; version=1.0.0; charset=utf-8'])
  const samples = readOpenMetrics(text)
  expect(samples.find(({ name }) => name === 'chaos_run_info')?.labels).toMatchObject({ scenario: 'small', runtime: 'process' })
  expect(samples.find(({ name }) => name === 'chaos_phase_active')).toMatchObject({ labels: { phase: 'only' }, value: 1 })
  await until('failures are told by their status', async () => /result="failure",cause="503"} \d/.test((await ask(port)).text))
  await until("Envoy's counters are told", async () => (await ask(port)).text.includes('chaos_attempts_total{'))
  expect((await ask(port, { host: 'evil.example' })).status).toBe(403)
  expect((await ask(port, { path: '/' })).status).toBe(404)
  expect((await ask(port, { method: 'POST' })).status).toBe(405)
  process.kill(running.pid, 'SIGINT')
  expect((await running.finished).code).toBe(130)
  await expect(ask(port)).rejects.toThrow('ECONNREFUSED')
  expect(running.alive()).toEqual([])
})

test.each(['65536', '-1', 'any', '1.5'])('the port %s is refused as bad usage, and nothing is started', async (port) => {
  const { code, stderr } = await chaos(['run', writeScenario(newFolder()), `--metrics-port=${port}`])
  expect(code).toBe(2)
  expect(stderr).toContain('expected a port: a whole number from 0 to 65535')
})

test('a port that is taken is told with what to do, and nothing is started', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const { code, stdout, stderr } = await chaos(['run', writeScenario(newFolder()), '--metrics-port', String(port)])
  taken.close()
  expect([code, stdout]).toEqual([3, ''])
  expect(stderr).toContain(`--metrics-port ${port} cannot be had: something else listens there`)
  expect(stderr).toContain('choose another port; 0 takes any that is free')
  expect(stderr).not.toMatch(STACK_TRACE)
})
