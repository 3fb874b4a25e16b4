import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { prepare, type Warning } from '../prepare.ts'
import { renderError } from '../report/errors.ts'
import { terminalOf } from '../terminal.ts'
import { plural } from '../value/show.ts'

/** Checks all files; says `ok` for each sound one on stdout, and every problem and warning on stderr. */
export function validateCommand(files: readonly string[], options: { allowTarget?: string; color: boolean }): ExitCode {
  const look = terminalOf(process.stderr, options.color)
  const tell = (error: ChaosError) => process.stderr.write(`${renderError(error, look)}\n\n`)
  let code: ExitCode = EXIT.pass
  for (const file of files) {
    try {
      const { scenario, plan, warnings, lacking } = prepare(file, { ...options, path: process.env.PATH })
      process.stdout.write(`${file}: ok, ${plural(scenario.expect.length, 'expectation')} over ${extentOf(plan)}\n`)
      for (const warning of lacking ? [lacking, ...warnings] : warnings) tell(asError(warning))
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error
      tell(error)
      code = EXIT.badInput
    }
  }
  return code
}

function extentOf({ load, phases }: Plan): string {
  if (load.kind === 'runs') return plural(load.times * phases.length, 'run')
  const what = load.kind === 'open' ? plural(load.due.length, 'request') : plural(load.connections, 'connection')
  return `${what} in ${(phases.at(-1)?.to ?? 0) / 1000} s`
}

/** A warning is shown as a problem is, and says what it is. */
function asError(warning: Warning): ChaosError {
  const message = `warning: ${warning.message}`
  return new ChaosError('badInput', message, { problems: [{ ...warning, message }] })
}
