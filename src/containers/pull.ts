import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { ChaosError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords, wayOutOf } from './daemon-words.ts'
import { type DaemonEvent, daemonEvents } from './event-stream.ts'

export interface PullOptions {
  signal?: AbortSignal | undefined
  /** Called with a text such as `pulling node:24-slim: 2 of 5 layers, 31 of 80 MB`. */
  onProgress?: (text: string) => void
}

/** A registry that has not answered by then is looked at: the daemon itself waits for 15 s or more. */
const SILENT_MS = 1000
const REACHED_WITHIN_MS = 800
const DOCKER_HUB = 'registry-1.docker.io'

/**
 * Pulls an image, with the credentials that the user's Docker has for its registry. Where the registry cannot be reached
 * this ends within 3 s.
 *
 * @param name - with its registry, if it is another one than Docker Hub, and with its tag or digest
 * @throws ChaosError `environment` with the daemon's own words; the signal's reason on an abort
 */
export async function pullImage({ dockerode }: Daemon, name: string, { signal, onProgress = () => {} }: PullOptions): Promise<void> {
  signal?.throwIfAborted()
  onProgress(`pulling ${name}`)
  const giveUp = new AbortController()
  const abortSignal = signal ? AbortSignal.any([signal, giveUp.signal]) : giveUp.signal
  const registry = registryOf(name)
  const silence = setTimeout(async () => {
    const { HttpProxy, HttpsProxy } = await dockerode.info().catch(() => ({ HttpProxy: '', HttpsProxy: '' }))
    // Behind a proxy the daemon may reach what we cannot.
    if (HttpProxy || HttpsProxy || (await answers(registry ?? DOCKER_HUB))) return
    giveUp.abort(new Error(`${registry ?? DOCKER_HUB} cannot be reached`))
  }, SILENT_MS)
  try {
    const [{ getAuthConfig }, { getContainerRuntimeClient }] = await Promise.all([
      import('testcontainers/build/container-runtime/auth/get-auth-config.js'),
      import('testcontainers'),
    ])
    const { info } = await getContainerRuntimeClient()
    const authconfig = await getAuthConfig(registry ?? info.containerRuntime.indexServerAddress)
    const stream = await dockerode.pull(name, { abortSignal, ...(authconfig ? { authconfig } : {}) })
    const layers = new Layers()
    for await (const event of daemonEvents(stream, abortSignal)) {
      clearTimeout(silence)
      if (event.error !== undefined) throw new Error(event.error)
      if (layers.take(event)) onProgress(`pulling ${name}: ${layers}`)
    }
  } catch (cause) {
    signal?.throwIfAborted()
    const why = giveUp.signal.aborted ? (giveUp.signal.reason as Error).message : daemonWords(cause)
    throw new ChaosError('environment', `cannot pull ${name}: ${why}`, { ...wayOutOf(why), cause })
  } finally {
    clearTimeout(silence)
  }
}

/** Docker's rule: the first part is a registry where it could be a host. */
function registryOf(name: string): string | undefined {
  const [first, ...rest] = name.split('/')
  return rest.length > 0 && first !== undefined && /[.:]|^localhost$/.test(first) ? first : undefined
}

/** Whether anything is said there at all: a connection alone may be that of a proxy. */
function answers(registry: string): Promise<boolean> {
  const { hostname, port } = new URL(`https://${registry}`)
  return new Promise((done) => {
    // What it is and whether to trust it is for the daemon to say.
    const socket = connect({
      host: hostname,
      port: Number(port || 443),
      rejectUnauthorized: false,
      ...(isIP(hostname) ? {} : { servername: hostname }),
    })
    const end = (answered: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      done(answered)
    }
    const timer = setTimeout(() => end(false), REACHED_WITHIN_MS)
    // One that speaks no TLS has answered, too.
    const isOfTls = ({ code }: NodeJS.ErrnoException) => code === 'EPROTO' || /^ERR_(SSL|TLS)_/.test(code ?? '')
    socket.once('secureConnect', () => end(true)).once('error', (error) => end(isOfTls(error)))
  })
}

/** How far the layers of an image have come. */
class Layers {
  private readonly layers = new Map<string, { done: boolean; current: number; total: number }>()
  private shown = ''

  /** @returns whether there is something new to show. */
  take({ id, status = '', progressDetail }: DaemonEvent): boolean {
    if (id === undefined || /^Pulling from/.test(status)) return false
    const layer = this.layers.get(id) ?? { done: false, current: 0, total: 0 }
    this.layers.set(id, layer)
    if (/^(Already exists|Pull complete)/.test(status)) layer.done = true
    if (status === 'Download complete') layer.current = layer.total
    if (status === 'Downloading') {
      layer.current = progressDetail?.current ?? layer.current
      layer.total = progressDetail?.total ?? layer.total
    }
    const before = this.shown
    this.shown = String(this)
    return this.shown !== before
  }

  toString(): string {
    const all = [...this.layers.values()]
    const megabytes = (of: (layer: { current: number; total: number }) => number) =>
      Math.round(all.reduce((sum, layer) => sum + of(layer), 0) / 1e6)
    const size = megabytes(({ total }) => total)
    const bytes = size === 0 ? '' : `, ${megabytes(({ current }) => current)} of ${size} MB`
    return `${all.filter(({ done }) => done).length} of ${all.length} layers${bytes}`
  }
}
