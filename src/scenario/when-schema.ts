import { z } from 'zod'
import { whyNoPattern } from '../content/pattern.ts'
import { attemptsOf } from '../fault/attempts.ts'
import { METHOD, PATH, pathExpression, type ValueTest, type When } from '../fault/when.ts'
import { byHeader, condition, headerValue, notEmpty } from '../value/scalar.ts'
import { isSecretHeader } from '../value/secret.ts'
import { listed, show } from '../value/show.ts'
import { METHODS } from './methods.ts'

/** Which requests may meet a fault. */

/** Envoy compares bytes, and what the load can send is ASCII. */
const asciiText = z
  .string({ error: (issue) => `expected text, got ${show(issue.input)}` })
  .regex(/^[\t\u0020-\u007e]{1,1000}$/, { error: (issue) => `expected ASCII text of 1 to 1000 characters, got ${show(issue.input)}` })
  .meta({ title: 'text' })

const expression = (inEnvoy: (source: string) => string) =>
  asciiText
    .superRefine((source, context) => {
      const why = whyNoPattern(source) ?? whyNoPattern(inEnvoy(source))
      if (why !== undefined)
        context.addIssue({
          code: 'custom',
          message: `expected a regular expression as Envoy has them (RE2), got ${show(source)}: ${why}`,
        })
    })
    .meta({ title: 'expression' })

const yes = z.literal(true, { error: (issue) => `expected true, got ${show(issue.input)}` }).meta({ title: '`true`' })

const FORMS = ['exact', 'prefix', 'regex', 'present', 'absent'] as const

/** One of the forms, as a test. */
function testOf(form: { [form in (typeof FORMS)[number]]?: string | true | undefined }): ValueTest {
  const [op, value] = Object.entries(form)[0] as [ValueTest['op'], string | true]
  return (value === true ? { op } : { op, text: value }) as ValueTest
}

const oneOf = (keys: readonly string[]) =>
  [(form: object) => Object.keys(form).length === 1, { error: `expected one of ${listed(keys)}` }] as const

const headerTest = z
  .union(
    [
      headerValue,
      z
        .strictObject({
          exact: headerValue.optional().describe('The whole value.'),
          prefix: asciiText.optional().describe('Its value begins so.'),
          regex: expression((source) => source)
            .optional()
            .describe('A regular expression (RE2) that matches the whole value.'),
          present: yes.optional().describe('The request has it, whatever its value.'),
          absent: yes.optional().describe('The request does not have it.'),
        })
        .refine(...oneOf(FORMS)),
    ],
    {
      error: (issue) =>
        `expected the value of a header, or a map such as { prefix: text }, { regex: expression }, { present: true } or { absent: true }, got ${show(issue.input)}`,
    },
  )
  .transform((form): ValueTest => (typeof form === 'string' ? { op: 'exact', text: form } : testOf(form)))

const barePath = z.string().regex(/^\/[\u0021\u0022\u0024-\u003e\u0040-\u007e]{0,8000}$/, {
  error: (issue) => `expected a path that begins with "/", without its query, got ${show(issue.input)}`,
})

const path = z
  .union(
    [
      barePath,
      z
        .strictObject({
          exact: barePath.optional().describe('The whole path.'),
          prefix: barePath.optional().describe('Paths that begin so.'),
          regex: expression(pathExpression).optional().describe('A regular expression (RE2) that matches the whole path.'),
        })
        .refine(...oneOf(['exact', 'prefix', 'regex'])),
    ],
    { error: (issue) => `expected a path such as /items/42, { prefix: /items } or { regex: expression }, got ${show(issue.input)}` },
  )
  .transform((form): ValueTest => (typeof form === 'string' ? { op: 'exact', text: form } : testOf(form)))

/** Of one request. */
const MOST_TRIES = 100

export const when = z
  .strictObject({
    header: byHeader(headerTest)
      .refine(...notEmpty)
      .superRefine((map, context) => {
        for (const [name, test] of Object.entries(map))
          if (isSecretHeader(name) && (test.op === 'prefix' || test.op === 'regex'))
            context.addIssue({
              code: 'custom',
              path: [name],
              message: `the value of ${name} is kept secret, so no evidence could show that it has this ${test.op}: expected its whole value, { present: true } or { absent: true }`,
            })
      })
      .meta({ title: 'map by header' })
      .optional()
      .describe(
        'Only requests with these headers: of exactly this value (jason, or { exact: jason }), { prefix: ja }, { regex: expression } (RE2, which matches the whole value), { present: true } or { absent: true }. Of several lines of one header any may be it.',
      ),
    path: path
      .meta({ title: 'path or map' })
      .optional()
      .describe(
        'Only requests to this path, whatever its query: /items/42, { prefix: /items } or { regex: expression } (RE2, which matches the whole path; what it lets be a "?", such as .*, reaches into the query).',
      ),
    method: z.enum(METHODS).optional().describe('Only requests of this method.'),
    attempt: condition('count', [1, '>= 2', '1 .. 2'])
      .transform(attemptsOf)
      .refine(({ from, to }) => from >= 1 && to >= from && from <= MOST_TRIES && (to <= MOST_TRIES || !Number.isFinite(to)), {
        error: `expected which tries of a request meet it, such as 1, ">= 2" or "1 .. 2": they count from 1 to ${MOST_TRIES}`,
      })
      .optional()
      .describe('Only such tries of a request, as Envoy counts them: 1 for the first, ">= 2" for the retries. Not at: ingress.'),
  })
  .refine((value) => Object.keys(value).length > 0, { error: 'expected at least one of header, path, method and attempt, got none' })

/** All that must be true of a request. */
export function testsOf(asked: z.output<typeof when> | undefined): When {
  if (asked === undefined) return []
  const { header = {}, path, method } = asked
  return [
    ...Object.entries(header).map(([name, test]) => ({ name, ...test })),
    ...(path === undefined ? [] : [{ name: PATH, ...path }]),
    ...(method === undefined ? [] : [{ name: METHOD, op: 'exact' as const, text: method }]),
  ]
}
