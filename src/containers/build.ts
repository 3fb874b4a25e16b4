import { stripVTControlCharacters } from 'node:util'
import { ChaosError } from '../errors.ts'
import { type ContextFile, folderContext, tarOf } from './build-context.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords, wayOutOf } from './daemon-words.ts'
import { daemonEvents } from './event-stream.ts'

export interface BuildOptions {
  /** A folder, of which .dockerignore is heeded, or the files themselves. */
  context: string | readonly ContextFile[]
  /** Relative to the context; by default `Dockerfile`. */
  dockerfile?: string
  tag?: string
  labels?: Readonly<Record<string, string>>
  buildArgs?: Readonly<Record<string, string>>
  signal?: AbortSignal | undefined
  /** Called at each step, with a text such as `building shop:dev: step 3/7 RUN npm ci`. */
  onProgress?: (text: string) => void
}

/** Output of the failing step that an error shows. */
const LAST_LINES = 12

/**
 * Builds an image. The containers that its steps run in are removed, also where a step fails or the build is aborted; what
 * its steps made stays in the daemon's cache, as with `docker build`.
 *
 * @returns its id, `sha256:…`
 * @throws ChaosError `environment` with the last lines of the step that failed; `badInput` where the context or the
 *   Dockerfile cannot be read; the signal's reason on an abort
 */
export async function buildImage({ dockerode }: Pick<Daemon, 'dockerode'>, options: BuildOptions): Promise<string> {
  const { context, dockerfile = 'Dockerfile', tag, labels = {}, buildArgs = {}, signal, onProgress = () => {} } = options
  const name = tag ?? (typeof context === 'string' ? context : 'an image')
  signal?.throwIfAborted()
  const files = typeof context === 'string' ? await folderContext(context, dockerfile) : context
  onProgress(`building ${name}`)
  const tar = await tarOf(files)
  let stream: NodeJS.ReadableStream
  try {
    const more = { ...(tag === undefined ? {} : { t: tag }), ...(signal ? { abortSignal: signal } : {}) }
    stream = await dockerode.buildImage(tar, { dockerfile, labels, buildargs: buildArgs, rm: true, forcerm: true, ...more })
  } catch (cause) {
    signal?.throwIfAborted()
    tar.destroy()
    throw new ChaosError('environment', `cannot build ${name}: ${daemonWords(cause)}`, { ...wayOutOf(daemonWords(cause)), cause })
  }

  let id: string | undefined
  let step = ''
  let output = ''
  for await (const event of daemonEvents(stream, signal)) {
    if (event.error !== undefined) throw failed(name, step, output, event.error)
    if (event.aux?.ID) id = event.aux.ID
    const text = event.stream ?? ''
    const [, number, instruction] = /^Step (\d+\/\d+) : ([^\n]*)/.exec(text) ?? []
    if (number === undefined) output = (output + text).slice(-10_000)
    else {
      step = `step ${number} ${instruction}`
      output = ''
      onProgress(`building ${name}: ${step}`)
    }
  }
  if (id === undefined) throw failed(name, step, output, 'the daemon ended the build without an image')
  return id
}

const NO_REGISTRY = /\b(dial tcp|no such host|connection refused|i\/o timeout)\b/
const BUILD_ON_WHAT_IS_HERE =
  'no registry answers for the image that it is built on, and Docker does not have it: name one of `docker images`. With ARG BASE and ' +
  `FROM $BASE in the Dockerfile, and args: { BASE: "\${CHAOS_NODE_IMAGE:-node:24-slim}" }, it stands on the Node that chaos itself uses`

function failed(name: string, step: string, output: string, error: string): ChaosError {
  const lines = stripVTControlCharacters(output)
    .split(/[\n\r]+/)
    .filter((line) => line.trim() !== '' && !/^( ---> |Removing intermediate container )/.test(line))
  // The daemon repeats the whole instruction, which the step shows already.
  const why = error.replace(/^The command '.*' returned a non-zero code: (\d+)$/s, 'the command ended with exit code $1')
  return new ChaosError('environment', `cannot build ${name}: ${why}`, {
    ...(NO_REGISTRY.test(error) ? { hint: BUILD_ON_WHAT_IS_HERE } : wayOutOf(`${error}\n${output}`)),
    detail: [...(step === '' ? [] : [step]), ...lines.slice(-LAST_LINES)],
  })
}
