import { resultsJsonSchema } from '../report/results-schema.ts'
import { renderJsonSchema } from '../scenario/json-schema.ts'
import { tellJson } from '../terminal.ts'

/** Prints a JSON Schema as it stands in `schema/`. */
export function schemaCommand(kind: 'scenario' | 'results'): void {
  tellJson(kind === 'scenario' ? renderJsonSchema() : JSON.stringify(resultsJsonSchema(), null, 2))
}
