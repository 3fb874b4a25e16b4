import { ChaosError } from '../errors.ts'
import { containerPlaces } from '../scenario/containers.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { findEnvoy } from '../topology/envoy-binary.ts'
import type { Runtime } from '../topology/topology.ts'

export const RUNTIMES = ['auto', 'process', 'docker'] as const
export type RuntimeFlag = (typeof RUNTIMES)[number]

interface Needs {
  /** `--envoy` */
  envoy?: string | undefined
  env: NodeJS.ProcessEnv
  signal: AbortSignal
  onProgress(text: string): void
}

/**
 * How a scenario is to run.
 * @returns with `why` where that was not asked for and is not what is usual
 */
export function chooseRuntime(scenario: Scenario, flag: RuntimeFlag): { name: Runtime['name']; why?: string } {
  if (flag !== 'auto') return { name: flag }
  const [place] = containerPlaces(scenario)
  if (place === undefined) return { name: 'process' }
  return { name: 'docker', why: `${place.join('.')} (line ${scenario.locate(place).line}) needs a container` }
}

/** @throws ChaosError `environment` when what it needs cannot be had */
export async function makeReady(name: Runtime['name'], needs: Needs): Promise<Runtime> {
  return name === 'docker' ? await docker(needs) : await processes(needs)
}

/**
 * Child processes; where no Envoy can be had for them, containers.
 * @param told - is called with the reason when it comes to that
 */
export async function makeAnyReady(needs: Needs, told: (why: string) => void): Promise<Runtime> {
  try {
    return await processes(needs)
  } catch (error) {
    // One that the user named is to be had, or nothing.
    if (!(error instanceof ChaosError) || needs.envoy !== undefined || needs.env.CHAOS_ENVOY) throw error
    const runtime = await docker(needs).catch((other: unknown) => {
      needs.signal.throwIfAborted()
      throw other instanceof ChaosError ? neither(error, other) : other
    })
    told(error.message)
    return runtime
  }
}

function neither(error: ChaosError, other: ChaosError): ChaosError {
  const more = error.hint === undefined ? {} : { hint: error.hint }
  return new ChaosError('environment', error.message, {
    ...more,
    detail: [...error.detail, `nor can it run in Docker: ${other.message}`],
    cause: error,
  })
}

async function processes({ envoy, env, signal, onProgress }: Needs): Promise<Runtime> {
  const found = await findEnvoy({ explicit: envoy, env, signal, onProgress })
  const { startProcesses } = await import('../topology/process.ts')
  return {
    name: 'process',
    envoy: found,
    start: (scenario, plan, place) => startProcesses(scenario, plan, { ...place, envoy: found.path }),
  }
}

/** Loaded only here: testcontainers alone takes 0.3 s. */
async function docker({ env, signal, onProgress }: Needs): Promise<Runtime> {
  const [{ connectDaemon }, { findImages }, { stubImage, stubProgramInImage }, { startContainers }] = await Promise.all([
    import('../containers/daemon.ts'),
    import('../containers/images.ts'),
    import('../containers/stub-image.ts'),
    import('../topology/docker.ts'),
  ])
  const daemon = await connectDaemon(env)
  const images = await findImages(daemon, { env, signal, onProgress })
  const reaper = env.TESTCONTAINERS_RYUK_DISABLED === 'true' ? null : images.reaper
  const stub = await stubImage(daemon, { base: images.node, signal, onProgress })
  // A scenario may build on the images that the run itself takes, wherever those are from.
  const variables = { ...env, CHAOS_NODE_IMAGE: images.node, CHAOS_ENVOY_IMAGE: images.envoy }
  return {
    name: 'docker',
    envoy: { path: images.envoy, source: env.CHAOS_ENVOY_IMAGE ? 'CHAOS_ENVOY_IMAGE' : 'image', version: null },
    start: (scenario, plan, place) =>
      startContainers(scenario, plan, {
        ...place,
        daemon,
        images: { envoy: images.envoy, stub, reaper },
        stubProgram: stubProgramInImage(),
        variables,
        onProgress,
      }),
  }
}
