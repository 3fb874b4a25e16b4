import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { createServer as createSilent, type Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { buildImage } from '../../src/containers/build.ts'
import { findImages } from '../../src/containers/images.ts'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'
import { expectNothingLeft, long, startDocker } from '../helpers/docker-run.ts'
import { MACHINE_LAG_MS, newFolder, readResults, STACK_TRACE } from '../helpers/run.ts'

const skip = await needsDocker()

/** An error of the daemon is told within this, the start of chaos included. */
const TOLD_WITHIN_MS = 3000

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** The daemon, but for one kind of request, to which it says that it failed. @returns DOCKER_HOST */
async function daemonThatFails(method: string, path: RegExp, message: string): Promise<string> {
  const { socketPath } = daemon().dockerode.modem as unknown as { socketPath: string }
  const server = createServer((asked, answer) => {
    if (asked.method === method && path.test(asked.url ?? '')) {
      asked.resume()
      return void answer.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
    }
    const { url = '', headers } = asked
    const onward = request({ socketPath, method: asked.method ?? 'GET', path: url, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 500, answered.headers)
      answer.flushHeaders()
      pipeline(answered, answer, () => {})
    })
    onward.on('upgrade', (answered, socket: Socket) => {
      answer.socket?.write(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${answered.headers.upgrade}\r\n\r\n`)
      if (answer.socket) pipeline(socket, answer.socket, () => {})
    })
    pipeline(asked, onward, () => {})
  })
  const at = join(newFolder(), 'docker.sock')
  server.listen(at)
  await once(server, 'listening')
  cleanups.push(() => server.close().closeAllConnections())
  return `unix://${at}`
}

interface Told {
  ended: { by: string; message: string; hint: string | null; detail: string[] }
  ms: number
}

/** Runs with what is wrong, and expects that it is told, in time, and that nothing is left. */
async function told(env: Record<string, string | undefined>): Promise<Told> {
  const began = performance.now()
  const chaos = startDocker(long(), env)
  const watched = setInterval(() => chaos.run(), 20)
  const { code, stdout, stderr } = await chaos.finished
  clearInterval(watched)
  const ms = performance.now() - began
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(code).toBe(3)
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ERROR small/)
  await expectNothingLeft(chaos)
  return { ended: readResults(chaos.out).ended, ms }
}

const inTime = expect.toSatisfy((ms: number) => ms < TOLD_WITHIN_MS)

describe.skipIf(skip)('what Docker does not do ends the run with 3 and the reason', () => {
  test('no daemon', async () => {
    expect(await told({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toMatchObject({
      ended: {
        message: expect.stringContaining('no Docker daemon at unix:///nowhere/docker.sock'),
        hint: expect.stringContaining('DOCKER_HOST'),
      },
      ms: inTime,
    })
  })

  test('a daemon that takes connections and says nothing: after 10 s, and the run is over then', async () => {
    const at = join(newFolder(), 'docker.sock')
    const sockets: Socket[] = []
    const silent = createSilent((socket) => void sockets.push(socket)).listen(at)
    await once(silent, 'listening')
    cleanups.push(() => {
      silent.close()
      for (const socket of sockets) socket.destroy()
    })
    const { ended, ms } = await told({ DOCKER_HOST: `unix://${at}` })
    expect(ended).toMatchObject({
      message: `what listens at unix://${at} (DOCKER_HOST) does not answer as a Docker daemon`,
      detail: ['no answer within 10 s'],
    })
    expect(ms).toBeLessThan(10_000 + MACHINE_LAG_MS)
  })

  test('an image that is nowhere', async () => {
    expect(await told({ CHAOS_ENVOY_IMAGE: '127.0.0.1:1/none:1' })).toMatchObject({
      ended: {
        message: expect.stringContaining('no image of Envoy: cannot pull 127.0.0.1:1/none:1'),
        hint: expect.stringContaining('CHAOS_ENVOY_IMAGE'),
      },
      ms: inTime,
    })
  })

  test('an image without the program', async () => {
    const { node } = await findImages(daemon(), { env: process.env })
    const { ended } = await told({ CHAOS_ENVOY_IMAGE: node })
    expect(ended.message).toContain(`Envoy did not start as a container of ${node}`)
    expect(ended.message).toContain('executable file not found')
  })

  test('no addresses for a network', async () => {
    const words = 'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network'
    expect(await told({ DOCKER_HOST: await daemonThatFails('POST', /\/networks\/create/, words) })).toMatchObject({
      ended: { message: `Docker cannot make a network: ${words}`, hint: expect.stringContaining('remove networks that nobody uses') },
      ms: inTime,
    })
  })

  test('a full disk', async () => {
    const words = 'mkdir /var/lib/docker/overlay2/1-init: no space left on device'
    const { ended, ms } = await told({ DOCKER_HOST: await daemonThatFails('POST', /\/containers\/create/, words) })
    expect(ended).toMatchObject({
      message: expect.stringContaining(words),
      hint: expect.stringContaining('the disk of the Docker daemon is full'),
    })
    expect(ms).toEqual(inTime)
  })
})

const repository = ownImages()
afterAll(async () => {
  if (skip) return
  // The image of the stub that stands on one of these is called as all of them are.
  const images = await daemon().dockerode.listImages({ filters: { label: [`own=${repository}`] } })
  for (const { Id } of images) await daemon().dockerode.getImage(Id).remove({ force: true })
})

/** An image that is all right, but that what it runs ends at once. */
async function spoilt(name: string, words: string): Promise<string> {
  const { node } = await findImages(daemon(), { env: process.env })
  const tag = `${repository}/${name}:1`
  const run = JSON.stringify(['node', '-e', `console.error(${JSON.stringify(words)}); process.exit(7)`, '--'])
  await buildImage(daemon(), {
    context: [{ path: 'Dockerfile', content: `FROM ${node}\nLABEL own=${repository}\nENTRYPOINT ${run}\n` }],
    tag,
  })
  return tag
}

test.skipIf(skip).each([
  ['an Envoy', 'CHAOS_ENVOY_IMAGE'],
  ['a stub', 'CHAOS_NODE_IMAGE'],
  ['a reaper', 'RYUK_CONTAINER_IMAGE'],
])('%s that ends at once ends the run with 3 and its last words', async (_, variable) => {
  const { ended } = await told({ [variable]: await spoilt(variable.toLowerCase(), 'no luck today') })
  expect(ended.message).toMatch(/ended( with code 7)?( at once| before)/)
  expect(ended.detail.join('\n')).toContain('no luck today')
})
