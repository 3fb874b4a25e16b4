import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { ChaosError } from '../errors.ts'

/** Where chaos keeps what it fetched: `CHAOS_CACHE`, else `chaos` in the user's cache folder. `./chaos` and `setup.mjs` follow the same rule. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  if (env.CHAOS_CACHE) return resolve(env.CHAOS_CACHE)
  return resolve(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'chaos')
}

/** Folders of another machine (a shared cache) cannot be told by their process; nobody fetches for a day. */
const ABANDONED_MS = 24 * 3600 * 1000

/**
 * Calls `work` with a new, empty folder in `cache`, which is removed however `work` ends. What is to stay is renamed
 * out of it: the same file system, so in one step. Also removes what killed processes left.
 *
 * @throws ChaosError `environment` when `cache` cannot be written.
 */
export async function withStagingFolder<T>(cache: string, work: (folder: string) => Promise<T>): Promise<T> {
  let folder: string
  try {
    await mkdir(cache, { recursive: true })
    await removeAbandoned(cache)
    folder = await mkdtemp(join(cache, `${STAGING}${hostname()}-${process.pid}-`))
  } catch (cause) {
    throw new ChaosError('environment', `cannot write to the cache folder ${cache}: ${(cause as Error).message}`, {
      hint: 'set CHAOS_CACHE to a folder that you can write to, for example CHAOS_CACHE=/tmp/chaos-cache',
      cause,
    })
  }
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

const STAGING = 'staging-'

async function removeAbandoned(cache: string): Promise<void> {
  const ours = `${STAGING}${hostname()}-`
  for (const name of await readdir(cache)) {
    if (!name.startsWith(STAGING)) continue
    const path = join(cache, name)
    const abandoned = name.startsWith(ours) ? !isAlive(Number.parseInt(name.slice(ours.length), 10)) : await isOld(path)
    if (abandoned) await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > ABANDONED_MS
}
