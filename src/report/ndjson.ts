import type { RequestRecord } from '../observe/record.ts'
import type { Plan } from '../plan/plan.ts'
import { masker, secretsIn } from './mask.ts'

/** One line of requests.ndjson: the whole record, and what its indices stand for, so that the line can be read on its own. */
export function requestLine(record: RequestRecord, plan: Plan): string {
  const { id, ...rest } = record
  const request = plan.requests[record.request]
  const mask = masker(secretsIn(request?.headers ?? {}))
  const line = {
    id,
    phaseName: plan.phases[record.phase]?.name ?? null,
    requestName: request === undefined ? null : mask(request.name),
    method: request?.method ?? null,
    path: request?.path ?? null,
    ...rest,
  }
  return JSON.stringify(line, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value))
}
