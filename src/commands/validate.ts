import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import { prepare } from '../prepare.ts'
import { renderError } from '../report/errors.ts'
import { terminalOf } from '../terminal.ts'

/** Checks all files; says `ok` for each sound one on stdout, and every problem of the others on stderr. */
export function validateCommand(files: readonly string[], options: { allowTarget?: string; color: boolean }): ExitCode {
  let code: ExitCode = EXIT.pass
  for (const file of files) {
    try {
      const { scenario, plan } = prepare(file, options)
      const seconds = (plan.phases.at(-1)?.to ?? 0) / 1000
      process.stdout.write(`${file}: ok, ${scenario.expect.length} expectations over ${plan.load.due.length} requests in ${seconds} s\n`)
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error
      process.stderr.write(`${renderError(error, terminalOf(process.stderr, options.color))}\n\n`)
      code = EXIT.badInput
    }
  }
  return code
}
