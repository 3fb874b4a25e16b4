import type { TestProject } from 'vitest/node'
import { ChaosError } from '../../src/errors.ts'
import { findEnvoy } from '../../src/topology/envoy-binary.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of an Envoy binary: `inject('envoy')`. */
    envoy: string
  }
}

const TELL_EVERY_MS = 2000

/** Vitest's global set-up: finds an Envoy (fetching it on a new machine) once, before the first test. */
export default async function provideEnvoy({ provide }: TestProject): Promise<void> {
  let told = 0
  const onProgress = (text: string) => {
    if (Date.now() - told < TELL_EVERY_MS) return
    told = Date.now()
    process.stderr.write(`${text}\n`)
  }
  try {
    provide('envoy', (await findEnvoy({ env: process.env, onProgress })).path)
  } catch (error) {
    if (error instanceof ChaosError) throw new Error([error.message, ...error.detail, error.hint].join('\n'), { cause: error })
    throw error
  }
}
