import { z } from 'zod'
import { ChaosError } from '../errors.ts'
import { formatPath } from '../scenario/finding.ts'
import type { DocumentPath, Scenario, SourcePosition } from '../scenario/scenario.ts'
import { readBySchema } from '../scenario/schema-findings.ts'

export const storedScenarioSchema = z.strictObject({
  file: z.string().describe('As the user named it.'),
  document: z.unknown().describe('As the user wrote it, without its secrets: equal ones have equal placeholders.'),
  places: z.record(z.string(), z.tuple([z.number(), z.number()])).describe('Line and column in the file, by path.'),
  samples: z.record(z.string(), z.array(z.number())).describe('Service times in ms from files, by upstream.'),
})

export type StoredScenario = z.output<typeof storedScenarioSchema>

/**
 * A scenario in the form in which it is kept beside its evidence.
 * @param document - without its secrets
 */
export function storeScenario(scenario: Scenario, document: unknown): StoredScenario {
  const places: StoredScenario['places'] = {}
  for (const path of pathsOf(document)) {
    const { line, col } = scenario.locate(path)
    places[formatPath(path)] = [line, col]
  }
  return {
    file: scenario.file,
    document,
    places,
    samples: Object.fromEntries(Object.entries(scenario.samples).map(([upstream, samples]) => [upstream, [...samples]])),
  }
}

/** @throws ChaosError when this version of chaos reads other scenarios */
export function restoreScenario({ file, document, places, samples }: StoredScenario, seed: number): Scenario {
  const read = readBySchema(document)
  if (read.findings.length > 0 || read.rest === undefined) {
    throw new ChaosError('badInput', 'the scenario of the run cannot be read by this version of chaos', {
      detail: read.findings.map(({ path, message }) => `${formatPath(path)}: ${message}`),
      hint: 'judge it with the version it was run with',
    })
  }
  const locate = (path: DocumentPath): SourcePosition => {
    for (let length = path.length; length >= 0; length--) {
      const place = places[formatPath(path.slice(0, length))]
      if (place) return { line: place[0], col: place[1] }
    }
    return { line: 1, col: 1 }
  }
  return { ...read.rest.document, seed, file, text: '', folder: '.', samples, locate }
}

/** Every place in a document, the whole first. */
function pathsOf(value: unknown, path: DocumentPath = []): DocumentPath[] {
  if (typeof value !== 'object' || value === null) return [path]
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...inner.flatMap(([key, item]) => pathsOf(item, [...path, key]))]
}
