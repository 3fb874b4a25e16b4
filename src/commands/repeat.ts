import type { Prepared } from '../prepare.ts'
import { launcher } from './own-place.ts'

/** argv that repeats a run, from the folder it was started in. */
export function repeatCommand({ scenario, plan }: Prepared, flags: { envoy?: string; runtime?: string; allowTarget?: string }): string[] {
  return [
    launcher() ?? 'chaos',
    'run',
    scenario.file,
    '--seed',
    String(plan.seed),
    ...(flags.envoy === undefined ? [] : ['--envoy', flags.envoy]),
    ...(flags.runtime === undefined || flags.runtime === 'auto' ? [] : ['--runtime', flags.runtime]),
    ...(flags.allowTarget === undefined ? [] : ['--allow-target', flags.allowTarget]),
  ]
}
