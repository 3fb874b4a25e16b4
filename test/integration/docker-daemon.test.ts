import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { needsDocker } from '../helpers/docker.ts'

const folders: string[] = []
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-docker-'))
  folders.push(folder)
  return folder
}

type Tried = { daemon: Record<string, string>; ms: number } | { kind: string; message: string; hint: string; detail: string[]; ms: number }

const TRY = `
  import { connectDaemon } from ${JSON.stringify(join(import.meta.dirname, '../../src/containers/daemon.ts'))}
  if (process.argv[1]) process.setuid(Number(process.argv[1]))
  const started = performance.now()
  const ms = () => performance.now() - started
  const tried = await connectDaemon(process.env).then(
    ({ dockerode, ...daemon }) => ({ daemon, ms: ms() }),
    ({ kind, message, hint, detail }) => ({ kind, message, hint, detail, ms: ms() }),
  )
  console.log(JSON.stringify(tried))
  process.exit()
`

/** In a process of its own, since testcontainers connects once in the life of a process. */
async function tryDaemon(env: Record<string, string | undefined>, uid = ''): Promise<Tried> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', TRY, uid], {
    env: { ...process.env, HOME: newFolder(), TESTCONTAINERS_HOST_OVERRIDE: undefined, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')])
  return JSON.parse(stdout)
}

/** A Docker daemon, as far as connecting goes. */
async function fakeDaemon(answers: Record<string, unknown>): Promise<string> {
  const path = join(newFolder(), 'docker.sock')
  const answer: RequestListener = ({ url = '' }, response) => {
    const body = answers[url]
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body))
  }
  const server = createServer(answer).listen(path)
  await once(server, 'listening')
  cleanups.push(() => server.close().closeAllConnections())
  return path
}

async function closedPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}

test.skipIf(await needsDocker())('the daemon of this machine is found, its ports on 127.0.0.1', async () => {
  expect(await tryDaemon({})).toMatchObject({
    daemon: { host: '127.0.0.1', socketPath: expect.stringMatching(/docker\.sock$/), version: expect.stringMatching(/^\d+\./) },
  })
})

test('a DOCKER_HOST at which nobody listens is told, and no other daemon is taken in its place', async () => {
  const port = await closedPort()
  expect(await tryDaemon({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toMatchObject({
    kind: 'environment',
    message: `no Docker daemon at tcp://127.0.0.1:${port} (DOCKER_HOST): nobody listens there`,
    hint: expect.stringContaining('start that daemon, or correct or remove DOCKER_HOST'),
    ms: expect.toSatisfy((ms) => ms < 3000),
  })
  expect(await tryDaemon({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toMatchObject({
    message: 'no Docker daemon at unix:///nowhere/docker.sock (DOCKER_HOST): there is no such socket',
  })
})

test('so is one that is named by the file of testcontainers', async () => {
  const home = newFolder()
  writeFileSync(join(home, '.testcontainers.properties'), 'ryuk.disabled=false\ndocker.host = unix:///nowhere/docker.sock\n')
  expect(await tryDaemon({ HOME: home, DOCKER_HOST: undefined })).toMatchObject({
    message: `no Docker daemon at unix:///nowhere/docker.sock (docker.host in ${home}/.testcontainers.properties): there is no such socket`,
  })
})

test('an address that is none, or one behind ssh, is refused', async () => {
  for (const address of ['localhost:2375', 'ssh://root@build', '/var/run/docker.sock']) {
    expect(await tryDaemon({ DOCKER_HOST: address })).toMatchObject({
      kind: 'environment',
      message: `DOCKER_HOST is ${address}, which is not an address that chaos can use`,
    })
  }
})

test('a socket without permission says how to get it', async () => {
  const path = await fakeDaemon({})
  chmodSync(path, 0)
  // The super-user may do everything.
  const nobody = process.getuid?.() === 0 ? '65534' : ''
  expect(await tryDaemon({ DOCKER_HOST: `unix://${path}` }, nobody)).toMatchObject({
    kind: 'environment',
    message: `no permission to use the Docker daemon at unix://${path} (DOCKER_HOST)`,
    hint: expect.stringContaining('usermod -aG docker'),
    ms: expect.toSatisfy((ms) => ms < 3000),
  })
})

test('a daemon that speaks an API older than 1.41 is too old', async () => {
  const path = await fakeDaemon({ '/info': { ServerVersion: '19.03.15' }, '/version': { Version: '19.03.15', ApiVersion: '1.40' } })
  expect(await tryDaemon({ DOCKER_HOST: `unix://${path}` })).toMatchObject({
    kind: 'environment',
    message: `the Docker daemon at unix://${path} is too old: 19.03.15 speaks API 1.40`,
    hint: expect.stringContaining('Docker 20.10'),
    ms: expect.toSatisfy((ms) => ms < 3000),
  })
})

test('a daemon whose API has no version that can be read is none', async () => {
  const path = await fakeDaemon({ '/info': { ServerVersion: '29.0.0' }, '/version': { Version: '29.0.0', ApiVersion: 'x' } })
  expect(await tryDaemon({ DOCKER_HOST: `unix://${path}` })).toMatchObject({
    kind: 'environment',
    message: expect.stringContaining('does not answer as a Docker daemon'),
    detail: ['it says that its API is "x", which is no version'],
  })
})

test('a daemon of another machine is refused, since its 127.0.0.1 is not ours', async () => {
  const server = createTcpServer().listen(0, '0.0.0.0')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  // An address of this machine that is not of its loopback.
  const { port } = server.address() as AddressInfo
  const address = `tcp://0.0.0.0:${port}`
  expect(await tryDaemon({ DOCKER_HOST: address })).toMatchObject({
    kind: 'environment',
    message: `the Docker daemon at ${address} (DOCKER_HOST) is on another machine`,
    hint: expect.stringContaining('TESTCONTAINERS_HOST_OVERRIDE'),
  })
})

test('something else that listens there is not taken for a daemon, nor passed over', async () => {
  const path = await fakeDaemon({})
  expect(await tryDaemon({ DOCKER_HOST: `unix://${path}` })).toMatchObject({
    kind: 'environment',
    message: `what listens at unix://${path} (DOCKER_HOST) does not answer as a Docker daemon`,
    ms: expect.toSatisfy((ms) => ms < 3000),
  })
})
