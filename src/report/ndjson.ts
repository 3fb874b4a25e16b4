import type { RequestRecord } from '../observe/record.ts'
import type { Plan } from '../plan/plan.ts'
import { masker, secretsIn } from './mask.ts'

/** So many characters of a body tell what it says; whole ones, once for each request, would fill the disk. */
const SHOWN_BODY = 200

/** One line of requests.ndjson: the whole record, and what its indices stand for, so that the line can be read on its own. */
export function requestLine(record: RequestRecord, plan: Plan): string {
  const { id, headers: _, body, ...rest } = record
  const request = plan.requests[record.request]
  const mask = masker(secretsIn(request?.headers ?? {}))
  const line = {
    id,
    phaseName: plan.phases[record.phase]?.name ?? null,
    requestName: request === undefined ? null : mask(request.name),
    method: request?.method ?? null,
    path: request?.path ?? null,
    ...rest,
    body: body !== null && 'text' in body ? mask(body.text).slice(0, SHOWN_BODY) : null,
  }
  return JSON.stringify(line, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value))
}
