import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { shipped, textOf, twins } from '../helpers/shipped.ts'
import { FAILS_ON } from '../scenarios/fails-on.ts'

/** Dotted paths of all leaves of a document, with their values. */
function leaves(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]])
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, `${path}.${key}`)]))
}

test('every shipped scenario has a broken twin of the same name, and the other way round', () => {
  expect(twins).toEqual(shipped)
  expect(Object.keys(FAILS_ON).sort()).toEqual(shipped)
})

describe.each(shipped)('%s', (name) => {
  test('names its schema in the first line, for editors', () => {
    expect(textOf(name, 'sound').split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/scenario.schema.json')
    expect(textOf(name, 'broken').split('\n')[0]).toBe('# yaml-language-server: $schema=../../schema/scenario.schema.json')
  })

  test('lasts at most 12 s', () => {
    const { phases } = parse(textOf(name, 'sound')) as { phases: { for: string }[] }
    const seconds = phases.reduce((sum, phase) => sum + Number(/^(\d+(?:\.\d+)?)s$/.exec(phase.for)?.[1]), 0)
    expect(seconds).toBeLessThanOrEqual(12)
  })

  test('its broken twin differs in one setting', () => {
    // The apps of both lie in one place.
    const twin = textOf(name, 'broken').replace('../apps', './apps')
    const [sound, broken] = [leaves(parse(textOf(name, 'sound'))), leaves(parse(twin))]
    const differing = [...new Set([...sound.keys(), ...broken.keys()])].filter((path) => sound.get(path) !== broken.get(path))
    expect(differing).toHaveLength(1)
  })
})
