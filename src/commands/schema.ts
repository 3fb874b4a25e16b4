import { resultsJsonSchema } from '../report/results-schema.ts'
import { scenarioJsonSchema } from '../scenario/json-schema.ts'

/** Prints a JSON Schema as it stands in `schema/`. */
export function schemaCommand(kind: 'scenario' | 'results'): void {
  const schema = kind === 'scenario' ? scenarioJsonSchema() : resultsJsonSchema()
  process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`)
}
