import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import { examine } from '../prepare.ts'
import { renderError, renderWarning } from '../report/errors.ts'
import { explainedConfig, explainedJson, renderExplained } from '../report/explain.ts'
import { tell, tellJson, terminalOf } from '../terminal.ts'
import { explainRun, runFolder } from './explain-run.ts'

export interface ExplainFlags {
  config?: boolean
  json?: boolean
  allowTarget?: string
  color: boolean
}

/**
 * What a scenario comes to, without starting anything, or what happened in a run. Where only its claims are refused, all
 * else is shown, and then the refusal.
 * @throws ChaosError `badInput` where more than that is not sound
 */
export function explainCommand(file: string, id: string | undefined, flags: ExplainFlags): ExitCode {
  const run = runFolder(file)
  if (run !== undefined) {
    explainRun(run, id, flags)
    return EXIT.pass
  }
  if (id !== undefined) {
    throw new ChaosError('badInput', `a request can be told of a run only, and ${file} is not the folder of one`, {
      hint: 'name a folder that chaos run has written, such as one below chaos-results/',
    })
  }
  const { prepared, refused } = examine(file, flags)
  if (flags.json) tellJson(JSON.stringify(explainedJson(prepared), null, 2))
  else {
    const text = flags.config ? explainedConfig(prepared).trimEnd() : renderExplained(prepared, terminalOf(process.stdout, flags.color))
    tell(process.stdout, `${text}\n`)
  }
  const look = terminalOf(process.stderr, flags.color)
  for (const warning of prepared.warnings) tell(process.stderr, `\n${renderWarning(warning, look)}\n`)
  if (refused === undefined) return EXIT.pass
  // Whoever asks why a claim is refused needs what it is about.
  tell(process.stderr, `\n${renderError(refused, look)}\n`)
  return EXIT.badInput
}
