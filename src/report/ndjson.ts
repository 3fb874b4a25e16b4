import type { Body } from '../content/answer.ts'
import { exitCodeOf } from '../observe/exit-code.ts'
import type { RequestRecord } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import type { FinishedRun } from './finished-run.ts'
import { masker, secretValues } from './mask.ts'

/** So many characters of a body tell what it says; whole ones, once for each request, would fill the disk. */
const SHOWN_BODY = 200

/**
 * Makes the lines of requests.ndjson: the whole record, and what its indices stand for, so that a line can be read on its
 * own; without the scenario's secrets, of which any answer may hold one.
 */
export function requestLines({ scenario, plan }: Pick<FinishedRun, 'scenario' | 'plan'>): (record: RequestRecord) => string {
  const mask = masker(secretValues(scenario))
  const isRun = nounOf(plan) === 'run'
  const names = plan.requests.map(({ name }) => mask(name))
  // Equal bodies are one object.
  const shown = new WeakMap<Body, string>()
  const show = (body: Body | null) => {
    if (body === null || !('text' in body)) return null
    const text = shown.get(body) ?? mask(body.text).slice(0, SHOWN_BODY)
    shown.set(body, text)
    return text
  }
  return (record) => {
    const { id, headers: _, body, ...rest } = record
    const request = isRun ? undefined : plan.requests[record.request]
    const line = {
      id,
      phaseName: plan.phases[record.phase]?.name ?? null,
      requestName: names[record.request] ?? null,
      method: request?.method ?? null,
      path: request?.path ?? null,
      ...rest,
      // A run has an exit code where an answer has a status.
      ...(isRun ? { status: null, exitCode: exitCodeOf(record) } : {}),
      body: show(body),
    }
    return JSON.stringify(line, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value))
  }
}
