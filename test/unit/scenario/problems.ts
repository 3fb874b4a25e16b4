import { ChaosError } from '../../../src/errors.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { SMALL } from './example.ts'

/** What is said of a scenario; nothing where it is sound. test/fixtures/bad shows messages whole. */
export function problemsIn(text: string): string[] {
  try {
    parseScenario(text, 'here.yaml', () => '1')
    return []
  } catch (error) {
    if (error instanceof ChaosError) return error.problems.map(({ message }) => message)
    throw error
  }
}

/** What is said of SMALL after some replacements. */
export function messages(...changes: [string, string][]): string[] {
  let text = SMALL
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${from} is not in the text`)
    text = text.replace(from, to)
  }
  return problemsIn(text)
}

/** Parts of SMALL that tests replace. */
export const CLAIM = '{ phase: calm, success_rate: ">= 99%" }'
export const FAULT = '{ cluster: cart, abort: 503 }'
export const WORKERS: [string, string][] = [
  ['cart: { replicas: 2 }, stock: {}', 'cart: { replicas: 2, workers: 4 }, stock: { workers: 4 }'],
]
