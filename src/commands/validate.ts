import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { prepare } from '../prepare.ts'
import { renderError, renderWarning } from '../report/errors.ts'
import { tell, terminalOf } from '../terminal.ts'
import { plural } from '../value/show.ts'
import { gitHubOf } from './github.ts'

/** Checks all files; says `ok` for each sound one on stdout, and every problem and warning on stderr. */
export function validateCommand(files: readonly string[], options: { allowTarget?: string; color: boolean }): ExitCode {
  const look = terminalOf(process.stderr, options.color)
  const gitHub = gitHubOf(process.env)
  const tellProblem = (text: string) => tell(process.stderr, `${text}\n\n`)
  let code: ExitCode = EXIT.pass
  for (const file of files) {
    try {
      const { scenario, plan, warnings, lacking } = prepare(file, { ...options, path: process.env.PATH })
      tell(process.stdout, `${file}: ok, ${plural(scenario.expect.length, 'expectation')} over ${extentOf(plan)}\n`)
      for (const warning of lacking ? [lacking, ...warnings] : warnings) {
        tellProblem(renderWarning(warning, look))
        gitHub?.onWarning(warning)
      }
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error
      tellProblem(renderError(error, look))
      gitHub?.onError(error)
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
