import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Prepared } from '../prepare.ts'

/** argv that repeats a run, from the folder it was started in. */
export function repeatCommand({ scenario, plan }: Prepared, flags: { envoy?: string; allowTarget?: string }): string[] {
  return [
    program(),
    'run',
    scenario.file,
    '--seed',
    String(plan.seed),
    ...(flags.envoy === undefined ? [] : ['--envoy', flags.envoy]),
    ...(flags.allowTarget === undefined ? [] : ['--allow-target', flags.allowTarget]),
  ]
}

/** In a checkout the launcher at its root, else the installed command. */
function program(): string {
  if (!import.meta.url.endsWith('.ts')) return 'chaos'
  const launcher = relative(process.cwd(), fileURLToPath(new URL('../../chaos', import.meta.url)))
  return launcher.includes('/') ? launcher : `./${launcher}`
}
