import type { ScenarioDocument } from './schema.ts'

/** A path into the document, as zod and yaml both speak it: `['phases', 1, 'faults', 0, 'percent']`. */
export type DocumentPath = readonly (string | number)[]

/** One-based, as editors show it. */
export interface SourcePosition {
  line: number
  col: number
}

/** A scenario that is known to be sound: parsed, typed, every name in it known. */
export interface Scenario extends ScenarioDocument {
  /** As the user named it. */
  file: string
  text: string
  /** What its relative paths count from, and where the app starts. */
  folder: string
  /** Service times in ms, by the upstream that draws them from a file. */
  samples: Readonly<Record<string, readonly number[]>>
  /** Where a part of the document stands; the nearest enclosing part where it has no place of its own. */
  locate(path: DocumentPath): SourcePosition
}
