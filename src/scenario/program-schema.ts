import { z } from 'zod'
import { duration, path } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** What a program is started with, on this machine or in a container: its words, its environment, and when it is ready. */

/** Text that a program is given: no NUL, since the kernel ends it there. */
export const text = (what: string) =>
  z
    .union([z.string(), z.number(), z.boolean()], { error: (issue) => `expected text as ${what}, got ${show(issue.input)}` })
    .transform(String)
    .refine((value) => !value.includes('\0') && value.length <= 100_000, {
      error: `expected text as ${what} without a NUL character, of at most 100000 characters`,
    })
    .meta({ title: 'text', type: 'string' })

export const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, {
      error: (issue) => `expected the name of an environment variable, such as INVENTORY_URL, got ${show(issue.input)}`,
    }),
    text('the value of an environment variable'),
  )
  .meta({ title: 'map' })

export const words = z
  .array(text('a word of the command'))
  .min(1, { error: 'expected a program and its arguments, such as [node, ./shop.mjs], got an empty list' })
  .max(1000)

const WAYS = ['http', 'port', 'log'] as const

export const ready = z
  .strictObject({
    http: path.optional().describe('It answers GET on this path with 200 to 399.'),
    port: z.literal(true).optional().meta({ title: '`true`' }).describe('It accepts connections.'),
    log: z.string().min(1).max(1000).optional().describe('Its output contains this text.'),
    within: duration.optional().describe('How long that may take. Left out: 10s.'),
  })
  .superRefine((value, context) => {
    const given = WAYS.filter((way) => value[way] !== undefined)
    if (given.length > 1) context.addIssue({ code: 'custom', message: `expected one of ${WAYS.join(', ')}, got ${given.join(' and ')}` })
  })
