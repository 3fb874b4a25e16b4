import { askedOf } from '../fault/asked.ts'
import { actionOf } from '../fault/registry.ts'
import type { When } from '../fault/when.ts'
import type { ScenarioDocument } from './schema.ts'
import { testsOf } from './when-schema.ts'

/** All that must be true of a request that may meet a fault; of one by: header, that it asks for it. */
export function testsOfFault(fault: ScenarioDocument['phases'][number]['faults'][number]): When {
  const action = actionOf(fault)
  const asked = fault.by === undefined || action === undefined ? undefined : askedOf(action)
  const when = testsOf(fault.when)
  if (asked === undefined) return when
  return [...Object.entries(asked.headers).map(([name, text]): When[number] => ({ name, op: 'exact', text })), ...when]
}
