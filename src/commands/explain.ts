import { ChaosError } from '../errors.ts'
import { prepare } from '../prepare.ts'
import { explainedConfig, explainedJson, renderExplained } from '../report/explain.ts'
import { terminalOf } from '../terminal.ts'
import { explainRun, runFolder } from './explain-run.ts'

export interface ExplainFlags {
  config?: boolean
  json?: boolean
  allowTarget?: string
  color: boolean
}

/** What a scenario comes to, without starting anything, or what happened in a run. @throws ChaosError `badInput` where the scenario is not sound */
export function explainCommand(file: string, id: string | undefined, flags: ExplainFlags): void {
  const run = runFolder(file)
  if (run !== undefined) {
    explainRun(run, id, flags)
    return
  }
  if (id !== undefined) {
    throw new ChaosError('badInput', `a request can be told of a run only, and ${file} is not the folder of one`)
  }
  const prepared = prepare(file, flags)
  const text = flags.config
    ? explainedConfig(prepared).trimEnd()
    : flags.json
      ? JSON.stringify(explainedJson(prepared), null, 2)
      : renderExplained(prepared, terminalOf(process.stdout, flags.color))
  process.stdout.write(`${text}\n`)
}
