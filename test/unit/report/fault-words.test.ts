import { expect, test } from 'vitest'
import type { FaultEvidence } from '../../../src/observe/observations.ts'
import type { PlannedFault } from '../../../src/plan/plan.ts'
import { independentSources } from '../../../src/report/fault-words.ts'
import { plan } from './sample-run.ts'

const [fault] = plan.faults as [PlannedFault]
const told = (counted: number, inferred: number, doubt: string | null = null) => {
  const evidence: FaultEvidence = { id: fault.id, phase: fault.phase, matched: 400, met: counted, counted, inferred, doubt }
  return independentSources(fault, evidence, { ...plan, faults: [fault] })
}

test.each<[Parameters<typeof told>, RegExp]>([
  [[39, 39], /counted by Envoy 39, inferred from the stub 39$/],
  // Three, or 2 % of the larger.
  [[39, 37], /inferred from the stub 37; up to 3 may fall over the edges of the phase$/],
  [[400, 395], /inferred from the stub 395; up to 8 may fall over the edges of the phase$/],
  [[39, 60], /inferred from the stub 60; what else took as long counts there, too$/],
  // Then the doubt says so.
  [[39, 20, 'the sources disagree'], /inferred from the stub 20$/],
])('sources that differ and are believed all the same give the reason: %j', (numbers, words) => {
  expect(told(...numbers)).toMatch(words)
})
