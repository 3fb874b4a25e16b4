import { describe, expect, test } from 'vitest'
import { METRIC_NAMES } from '../../../src/scenario/expect-schema.ts'
import { type JsonSchema, scenarioJsonSchema } from '../../../src/scenario/json-schema.ts'
import { renderReference } from '../../../src/scenario/reference.ts'

const reference = renderReference()

describe('the reference', () => {
  test('has every key of the format', () => {
    const keys = (at: JsonSchema): string[] => [
      ...Object.entries(at.properties ?? {}).flatMap(([key, inner]) => [key, ...keys(inner)]),
      ...(typeof at.additionalProperties === 'object' ? keys(at.additionalProperties) : []),
      ...(at.items === undefined ? [] : keys(at.items)),
    ]
    for (const key of keys(scenarioJsonSchema())) expect(reference).toContain(`| \`${key}\` |`)
  })

  test('defines every metric once', () => {
    const metrics = reference.slice(reference.indexOf('#### Metrics'))
    for (const metric of METRIC_NAMES) expect(metrics.split(`| \`${metric}\` |`)).toHaveLength(2)
  })

  test('says what is required, what is the default, and what it means', () => {
    expect(reference).toContain('| `match` | map | required | Which requests')
    expect(reference).toContain('| `percent` | percentage or map | `100` |')
    expect(reference).toContain('| `timeout` | duration | `15s` | From the whole request')
  })

  test('is made of whole tables', () => {
    for (const table of reference.split('\n\n').filter((part) => part.startsWith('|'))) {
      const widths = table
        .trim()
        .split('\n')
        .map((row) => row.replaceAll('\\|', '').split('|').length)
      expect(new Set(widths).size).toBe(1)
    }
    expect(reference).not.toMatch(/undefined|\[object/)
  })
})
