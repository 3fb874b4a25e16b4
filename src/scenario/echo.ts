import type { Finding } from './finding.ts'
import type { DocumentPath } from './scenario.ts'
import type { ScenarioDocument } from './schema.ts'

/**
 * Whether what a later check finds at a claim only repeats `findings`: the claim itself, the requests that it names,
 * its phase or the faults that it is about are told of already.
 * @param path - of the claim: `['expect', 2, 'timeouts', 'per_try']`
 */
export function isEcho(path: DocumentPath, scenario: ScenarioDocument, findings: readonly Finding[]): boolean {
  const [, index, metric] = path
  const claim = scenario.expect[index as number]
  if (claim === undefined) return false
  const told = (...start: DocumentPath) => findings.some((finding) => begins(finding.path, start))

  if (findings.some((finding) => finding.path[0] === 'expect' && begins(path, finding.path))) return true
  if (['phase', 'cluster', 'request'].some((filter) => told('expect', index as number, filter))) return true
  if (['fault', 'header'].some((filter) => told('expect', index as number, 'given', filter))) return true

  const requests = scenario.load.requests ?? []
  if (claim.request !== undefined && requests.some(({ name }, i) => name === claim.request && told('load', 'requests', i, 'name')))
    return true

  const aboutFaults = metric === 'fault_share' || claim.given?.fault !== undefined
  return scenario.phases.some(
    ({ name, faults }, i) =>
      (claim.phase === undefined || name === claim.phase) &&
      ((claim.phase !== undefined && (told('phases', i, 'name') || told('phases', i, 'for'))) ||
        (aboutFaults && faults.some((_, j) => ['cluster', 'when'].some((part) => told('phases', i, 'faults', j, part))))),
  )
}

const begins = (path: DocumentPath, start: DocumentPath) => start.every((part, index) => path[index] === part)
