import { z } from 'zod'
import { isFound } from '../content/pattern.ts'
import { FAULT_KIND_NAMES } from '../fault/registry.ts'
import { condition, headerMatch } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import { pattern } from './content-schema.ts'
import { TIMEOUTS } from './timeouts.ts'

/** Which requests a claim is about, by what happened to them. */

const anyOrNone = <const Parts extends readonly string[]>(parts: Parts) => z.enum(['any', 'none', ...parts]).optional()

const pathText = z
  .string()
  .regex(/^\/[^\s#]{0,8000}$/, { error: (issue) => `expected a path that begins with "/", got ${show(issue.input)}` })

const path = z
  .union(
    [
      pathText,
      z
        .strictObject({
          prefix: pathText.optional().describe('Paths that begin so.'),
          matches: pattern.optional().describe('A regular expression (RE2) that is found in the path.'),
        })
        .refine((value) => Object.keys(value).length === 1, { error: 'expected prefix or matches' }),
    ],
    { error: (issue) => `expected a path such as /items/42, { prefix: /items } or { matches: expression }, got ${show(issue.input)}` },
  )
  .meta({ title: 'path or map' })

/** Each asks for something that did, or did not, happen to a request. */
export const EVENTS = ['fault', 'timeout', 'rejection', 'retried', 'suppressed', 'ejection'] as const

const shape = {
  fault: anyOrNone(FAULT_KIND_NAMES).describe('Requests of which an attempt met such a fault; none: those that met no fault at all.'),
  timeout: anyOrNone(TIMEOUTS).describe(
    'Requests of which this limit cut a call or an attempt, by the names of timeouts; none: those of which no limit cut anything.',
  ),
  rejection: anyOrNone(['max_requests', 'max_pending_requests']).describe(
    'Requests that a circuit breaker refused, by its limit; none: those that none refused.',
  ),
  retried: z.boolean().optional().describe('true: requests that Envoy tried again; false: the others.'),
  suppressed: anyOrNone(['max_retries', 'retry_budget']).describe(
    'Requests of which a retry was suppressed, by what suppressed it; none: the others.',
  ),
  ejection: z
    .enum(['any', 'none'])
    .optional()
    .describe(
      'any: requests that came to a cluster while outlier detection had one of its hosts out, by its log; none: those during which none was out.',
    ),
  attempts: condition('count', [3, '>= 2']).optional().describe('Requests with so many attempts.'),
  header: headerMatch.optional().describe('Requests that the load sent with these headers.'),
  path: path
    .optional()
    .describe('Requests that the load sent to this path, its query left out: /items/42, { prefix: /items } or { matches: expression }.'),
  none: z
    .literal(true, { error: (issue) => `expected true, got ${show(issue.input)}` })
    .meta({ title: '`true`' })
    .optional()
    .describe('true: requests to which nothing happened: no fault, timeout, rejection, retry, suppressed retry or ejection.'),
}

export const given = z
  .strictObject(shape)
  .superRefine((value, context) => {
    const keys = Object.keys(value)
    if (keys.length === 0)
      context.addIssue({ code: 'custom', message: `expected at least one of ${Object.keys(shape).join(', ')}, got none` })
    const also = value.none ? EVENTS.filter((event) => value[event] !== undefined) : []
    for (const event of also)
      context.addIssue({
        code: 'custom',
        path: [event],
        params: { at: 'key' },
        message: `none: true says of ${event} what there is to say`,
      })
  })
  .describe('Only requests to which all of this happened.')

export type Given = z.output<typeof given>

/** Whether a request to `sent`, query included, is one to the path that is asked for. */
export function isSentTo(asked: NonNullable<Given['path']>, sent: string): boolean {
  const [bare = ''] = sent.split('?', 1)
  if (typeof asked === 'string') return bare === asked
  return asked.prefix === undefined ? isFound(asked.matches as string, bare) : bare.startsWith(asked.prefix)
}
