import { resultsJsonSchema } from '../report/results-schema.ts'
import { renderJsonSchema } from '../scenario/json-schema.ts'

/** Prints a JSON Schema as it stands in `schema/`. */
export function schemaCommand(kind: 'scenario' | 'results'): void {
  process.stdout.write(kind === 'scenario' ? renderJsonSchema() : `${JSON.stringify(resultsJsonSchema(), null, 2)}\n`)
}
