import { lookForImage } from '../containers/images.ts'
import { pullImage } from '../containers/pull.ts'
import { buildImages } from '../doctor/build-images.ts'
import type { Diagnosis } from '../doctor/check.ts'
import { diagnose } from '../doctor/diagnose.ts'
import type { DockerFindings } from '../doctor/docker.ts'
import { EXIT, type ExitCode } from '../errors.ts'
import { renderDiagnosis } from '../report/doctor.ts'
import { tell, tellJson, terminalOf } from '../terminal.ts'
import { findEnvoy } from '../topology/envoy-binary.ts'
import { openScreen } from './screen.ts'

export interface DoctorFlags {
  fix?: boolean
  json?: boolean
  color: boolean
}

/**
 * Tells what this machine can run. With `fix` what is missing is fetched or built first.
 *
 * @returns 0 where at least one runtime is ready, else 3
 * @throws ChaosError `environment` where something cannot be fixed
 */
export async function doctorCommand(flags: DoctorFlags, version: string): Promise<ExitCode> {
  const { env } = process
  let { diagnosis, docker } = await diagnose({ version, env })
  if (flags.fix && (await fix(diagnosis, docker, flags, env))) diagnosis = (await diagnose({ version, env })).diagnosis
  if (flags.json) tellJson(JSON.stringify(diagnosisJson(diagnosis), null, 2))
  else tell(process.stdout, `${renderDiagnosis(diagnosis, terminalOf(process.stdout, flags.color))}\n`)
  return diagnosis.runtimes.some(({ ready }) => ready) ? EXIT.pass : EXIT.environment
}

/** @returns whether there was anything to do */
async function fix(diagnosis: Diagnosis, docker: DockerFindings, flags: DoctorFlags, env: NodeJS.ProcessEnv): Promise<boolean> {
  const lacksEnvoy = !env.CHAOS_ENVOY && diagnosis.machine.some(({ name, found }) => name === 'Envoy' && found.startsWith('not here'))
  if (!lacksEnvoy && docker.missing.length === 0) return false
  const screen = await openScreen(flags.color)
  const onProgress = (text: string) => screen.redraw(text)
  try {
    if (lacksEnvoy) await findEnvoy({ env, onProgress })
    const { daemon, missing, pullable } = docker
    if (daemon && missing.length > 0 && !pullable) await buildImages(daemon, missing, { env, onProgress })
    if (daemon && pullable) {
      for (const role of missing) await pullImage(daemon, (await lookForImage(daemon, role, { env })).name, { onProgress })
    }
  } finally {
    screen.clear()
  }
  return true
}

function diagnosisJson({ version, platform, runtimes, machine, docker }: Diagnosis): unknown {
  return {
    version: 1,
    chaos: version,
    platform,
    runtimes: Object.fromEntries(runtimes.map(({ name, ...runtime }) => [name, runtime])),
    checks: { machine, docker },
  }
}
