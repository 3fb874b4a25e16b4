import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Prepared } from '../prepare.ts'

/** argv that repeats a run, from the folder it was started in. */
export function repeatCommand({ scenario, plan }: Prepared, flags: { envoy?: string; runtime?: string; allowTarget?: string }): string[] {
  return [
    program(),
    'run',
    scenario.file,
    '--seed',
    String(plan.seed),
    ...(flags.envoy === undefined ? [] : ['--envoy', flags.envoy]),
    ...(flags.runtime === undefined || flags.runtime === 'auto' ? [] : ['--runtime', flags.runtime]),
    ...(flags.allowTarget === undefined ? [] : ['--allow-target', flags.allowTarget]),
  ]
}

/** In a checkout the launcher at its root, else the installed command. */
function program(): string {
  const own = import.meta.url
  // The bundle of a checkout lies in node_modules/.chaos/CHECKSUM/dist.
  const root = own.endsWith('.ts') ? '../..' : own.endsWith('.cjs') ? '../../../..' : undefined
  if (root === undefined) return 'chaos'
  const launcher = relative(process.cwd(), fileURLToPath(new URL(`${root}/chaos`, own)))
  return launcher.includes('/') ? launcher : `./${launcher}`
}
