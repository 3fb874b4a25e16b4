import { type Check, type Diagnosis, isReady, lacking, type Runtime } from './check.ts'
import { type DockerFindings, dockerChecks } from './docker.ts'
import { machineChecks } from './machine.ts'
import { programChecks } from './programs.ts'

export interface DiagnoseOptions {
  version: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
  /** Where images lie that were built from packages. */
  local?: string
}

/** Looks at everything that a run needs. Nothing is fetched or changed, and what it starts is gone afterwards. */
export async function diagnose({
  version,
  env,
  signal,
  local,
}: DiagnoseOptions): Promise<{ diagnosis: Diagnosis; docker: DockerFindings }> {
  // The clock first: what follows would disturb it.
  const machine = await machineChecks()
  const [programs, docker] = await Promise.all([programChecks(env, signal), dockerChecks(env, local)])
  const runtimes = [runtime('process', [...programs, ...machine], 'Envoy'), runtime('docker', [...docker.checks, ...machine], 'daemon')]
  return {
    diagnosis: {
      version,
      platform: `${process.platform} ${process.arch}`,
      runtimes,
      machine: [...programs, ...machine],
      docker: docker.checks,
    },
    docker,
  }
}

/** @param shown - the check that tells most of a runtime that is ready */
function runtime(name: Runtime['name'], checks: readonly Check[], shown: string): Runtime {
  const ready = isReady(checks)
  return { name, ready, found: ready ? `${shown} ${checks.find((check) => check.name === shown)?.found}` : `not ready: ${lacking(checks)}` }
}
