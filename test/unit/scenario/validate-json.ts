import type { JsonSchema } from '../../../src/scenario/json-schema.ts'

/** What of a value a JSON Schema refuses, by path: the part of draft-07 that the scenario's schema uses. */
export function refused(schema: JsonSchema, value: unknown, at = ''): string[] {
  const found: string[] = []
  const no = (what: string) => found.push(`${at || '/'} ${what}`)
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOf(type, value))) return [`${at || '/'} type`]
  if (schema.const !== undefined && schema.const !== value) no('const')
  if (schema.enum !== undefined && !schema.enum.includes(value)) no('enum')
  if (typeof value === 'string' && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) no('pattern')
  if (typeof value === 'string' && value.length < (schema.minLength ?? 0)) no('minLength')
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity) || value <= (schema.exclusiveMinimum ?? -Infinity))
      no('range')
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)) no('length')
    if (schema.items !== undefined)
      for (const [index, item] of value.entries()) found.push(...refused(schema.items, item, `${at}/${index}`))
  } else if (value !== null && typeof value === 'object') {
    for (const key of schema.required ?? []) if (!Object.hasOwn(value, key)) no(`required ${key}`)
    for (const [key, inner] of Object.entries(value)) {
      const named = schema.properties?.[key] ?? schema.additionalProperties
      if (schema.propertyNames !== undefined) found.push(...refused(schema.propertyNames, key, `${at}/${key}`))
      if (named === false) no(`unknown ${key}`)
      else if (typeof named === 'object') found.push(...refused(named, inner, `${at}/${key}`))
    }
  }
  if (schema.anyOf?.every((form) => refused(form, value, at).length > 0)) no('anyOf')
  return found
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value)
    case 'array':
      return Array.isArray(value)
    case 'null':
      return value === null
    case 'object':
      return value !== null && typeof value === 'object' && !Array.isArray(value)
    default:
      return typeof value === type
  }
}
