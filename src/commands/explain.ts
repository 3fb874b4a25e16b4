import { prepare } from '../prepare.ts'
import { explainedConfig, explainedJson, renderExplained } from '../report/explain.ts'
import { terminalOf } from '../terminal.ts'

export interface ExplainFlags {
  config?: boolean
  json?: boolean
  allowTarget?: string
  color: boolean
}

/** What a scenario comes to, without starting anything. @throws ChaosError `badInput` where the scenario is not sound */
export function explainCommand(file: string, flags: ExplainFlags): void {
  const prepared = prepare(file, flags)
  const text = flags.config
    ? explainedConfig(prepared).trimEnd()
    : flags.json
      ? JSON.stringify(explainedJson(prepared), null, 2)
      : renderExplained(prepared, terminalOf(process.stdout, flags.color))
  process.stdout.write(`${text}\n`)
}
