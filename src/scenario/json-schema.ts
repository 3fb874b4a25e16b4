import { z } from 'zod'
import { scenarioSchema } from './schema.ts'

/** The part of JSON Schema draft-07 that zod writes for a scenario. */
export interface JsonSchema {
  $schema?: string
  $ref?: string
  title?: string
  description?: string
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: boolean | JsonSchema
  propertyNames?: JsonSchema
  items?: JsonSchema
  minItems?: number
  maxItems?: number
  anyOf?: JsonSchema[]
  allOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  definitions?: Record<string, JsonSchema>
}

let made: JsonSchema | undefined

/** The scenario format for editors, as JSON Schema draft-07; made once. */
export function scenarioJsonSchema(): JsonSchema {
  made ??= make()
  return made
}

/** The content of `schema/scenario.schema.json`, and what `chaos schema` prints. */
export function renderJsonSchema(): string {
  return `${JSON.stringify(forEditors(scenarioJsonSchema()), null, 2)}\n`
}

/** With `app.run` there is no load, and a phase lasts as long as its runs (`batch.ts` fills both in before the format is checked). */
function forEditors(schema: JsonSchema): JsonSchema {
  const { phases } = schema.properties ?? {}
  const items = phases?.items && { ...phases.items, required: phases.items.required?.filter((key) => key !== 'for') ?? [] }
  return {
    ...schema,
    properties: { ...schema.properties, ...(items && { phases: { ...phases, items } }) },
    required: schema.required?.filter((key) => key !== 'load') ?? [],
    anyOf: [{ required: ['load'] }, { required: ['app'], properties: { app: { required: ['run'] } } }],
  }
}

function make(): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(scenarioSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => oneType(jsonSchema as JsonSchema),
  }) as JsonSchema
  return { ...($schema === undefined ? {} : { $schema }), title: 'chaos scenario', ...rest }
}

/** A scalar with a unit lets bare numbers in so that its message can name the unit; for an editor it is text only. */
function oneType(schema: JsonSchema): void {
  if (schema.type !== undefined && schema.anyOf !== undefined) delete schema.anyOf
}
