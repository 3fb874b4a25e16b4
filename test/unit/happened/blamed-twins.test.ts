import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { shipped, textOf } from '../../helpers/shipped.ts'
import { BLAMES } from '../../scenarios/blames.ts'

/** `envoy.routes[0].timeout` and the value there. */
function settingsIn(value: unknown, place: string): [string, unknown][] {
  if (Array.isArray(value) && value.some((each) => typeof each === 'object'))
    return value.flatMap((each, i) => settingsIn(each, `${place}[${i}]`))
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [[place, JSON.stringify(value)]]
  return Object.entries(value).flatMap(([key, each]) => settingsIn(each, `${place}.${key}`))
}

const settingsOf = (name: string, twin: 'sound' | 'broken') =>
  new Map(settingsIn((parseDocument(textOf(name, twin)).toJS() as { envoy?: unknown }).envoy ?? {}, 'envoy'))

function difference(name: string): string[] {
  const [sound, broken] = [settingsOf(name, 'sound'), settingsOf(name, 'broken')]
  return [...new Set([...sound.keys(), ...broken.keys()])].filter((place) => sound.get(place) !== broken.get(place))
}

describe('the table of what broken twins are to be blamed for', () => {
  test.each(Object.entries(BLAMES))('%s differs from its sound twin in %s alone', (name, setting) => {
    const [place, ...others] = difference(name)
    expect(others).toEqual([])
    // Of a budget the share is what differs.
    expect([setting, `${setting}.budget_percent.value`]).toContain(place)
  })

  test('has every twin that differs in a setting of Envoy, and no other', () => {
    const differing = shipped.filter((name) => difference(name).length > 0)
    expect(Object.keys(BLAMES).sort()).toEqual(differing)
  })
})
