import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { tarOf } from '../../src/containers/build-context.ts'

/**
 * An image registry with one image, of one layer that has so many random bytes. On 127.0.0.1 a daemon asks it without TLS.
 *
 * @returns the name of the image, and the server
 */
export async function registryWith(name: string, bytes: number): Promise<{ image: string; server: Server }> {
  const noise = Array.from({ length: bytes / 32 }, (_, i) => createHash('sha256').update(String(i)).digest('hex')).join('')
  const tar = Buffer.concat(await (await tarOf([{ path: 'noise', content: noise }])).toArray())
  const layer = gzipSync(tar)
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [digest(tar)] }, history: [{}] }),
  )
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest: digest(config) },
      layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: layer.length, digest: digest(layer) }],
    }),
  )
  const answers = new Map([
    ['/v2/', { type: 'application/json', body: Buffer.from('{}') }],
    [`/v2/${name}/manifests/1`, { type: MANIFEST, body: manifest }],
    [`/v2/${name}/manifests/${digest(manifest)}`, { type: MANIFEST, body: manifest }],
    [`/v2/${name}/blobs/${digest(config)}`, { type: 'application/octet-stream', body: config }],
    [`/v2/${name}/blobs/${digest(layer)}`, { type: 'application/octet-stream', body: layer }],
  ])
  const server = createServer(({ url = '' }, response) => {
    const answer = answers.get(url)
    if (!answer) return void response.writeHead(404, { 'content-type': 'application/json' }).end(NOT_FOUND)
    response.writeHead(200, {
      'content-type': answer.type,
      'content-length': answer.body.length,
      'docker-content-digest': digest(answer.body),
    })
    response.end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { image: `127.0.0.1:${(server.address() as AddressInfo).port}/${name}:1`, server }
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const NOT_FOUND = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] })

const digest = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
