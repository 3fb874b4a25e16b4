import { formatSeconds } from '../units.ts'

/** Durations as Envoy spells them; those that the scenario leaves out stay out. */
export function durations<Key extends string>(values: Readonly<Partial<Record<Key, number | undefined>>>): Partial<Record<Key, string>> {
  const spelt: Partial<Record<Key, string>> = {}
  for (const key of Object.keys(values) as Key[]) {
    const value = values[key]
    if (value !== undefined) spelt[key] = formatSeconds(value)
  }
  return spelt
}
