import { z } from 'zod'
import { whyValueNotKept } from '../content/answer.ts'
import { whyNoPath } from '../content/json-path.ts'
import type { BodyTest } from '../content/match-body.ts'
import type { HeaderTest } from '../content/match-header.ts'
import { whyNoPattern } from '../content/pattern.ts'
import { headerName } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** What can be claimed of what answers say. */

const some = z
  .string({ error: (issue) => `expected text, got ${show(issue.input)}` })
  .min(1, { error: 'expected text, got "", which every answer has' })

const text = some.meta({ title: 'text' })

/** A regular expression of RE2. */
export const pattern = some
  .superRefine((source, context) => {
    const why = source.length > 1000 ? 'it is longer than 1000 characters' : whyNoPattern(source)
    if (why !== undefined)
      context.addIssue({ code: 'custom', message: `expected a regular expression as Envoy has them (RE2), got ${show(source)}: ${why}` })
  })
  .meta({ title: 'expression' })

const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item).min(1).max(50)]).transform((given): z.output<T>[] => (Array.isArray(given) ? given : [given]))

/** Any value that YAML can hold; document.ts lets nothing through that JSON could not. */
const json = z.unknown().meta({ title: 'any' })

const PATH_EXAMPLE = '$.items[0].id'

function checkPath(source: string, context: z.RefinementCtx, path: string[]): void {
  const why = source.length > 1000 ? 'it is longer than 1000 characters' : whyNoPath(source)
  if (why === undefined) return
  context.addIssue({
    code: 'custom',
    path,
    ...(path.length === 0 ? {} : { params: { at: 'key' } }),
    message: `expected a JSONPath (RFC 9535, without match() and search()) such as ${PATH_EXAMPLE}, got ${show(source)}: ${why}`,
  })
}

const path = some.superRefine((source, context) => checkPath(source, context, [])).meta({ title: 'JSONPath' })

export const bodyClaim = z
  .strictObject({
    equals: z.string().optional().meta({ title: 'text' }).describe('The whole body.'),
    contains: oneOrMore(text).meta({ title: 'text or list' }).optional().describe('Text that is in it; case counts.'),
    lacks: oneOrMore(text).meta({ title: 'text or list' }).optional().describe('Text that is not in it; case counts.'),
    matches: pattern
      .optional()
      .describe('A regular expression (RE2) that is found in it; (?i) ignores case, (?s) lets . match line breaks, ^ and $ are its ends.'),
    json: json
      .optional()
      .describe('It is JSON and holds this: of a map at least these keys, of a list as many items, everything else equal.'),
    path: z
      .record(z.string(), json)
      .superRefine((map, context) => {
        if (Object.keys(map).length === 0)
          context.addIssue({
            code: 'custom',
            message: `expected at least one path, such as { ${JSON.stringify(PATH_EXAMPLE)}: 3 }, got none`,
          })
        for (const key of Object.keys(map)) checkPath(key, context, [key])
      })
      .meta({ title: 'map by JSONPath' })
      .optional()
      .describe('It is JSON, and each of these paths (RFC 9535) selects something, all of which holds this value, as for json.'),
    no_path: oneOrMore(path).meta({ title: 'JSONPath or list' }).optional().describe('It is JSON, and this path selects nothing.'),
    stack_trace: z
      .literal(false, { error: (issue) => `expected false: no stack trace may reach the caller, got ${show(issue.input)}` })
      .meta({ title: '`false`' })
      .optional()
      .describe('false: no stack trace of Python, Java, JavaScript, .NET, Go, Ruby, PHP or Rust is in it.'),
  })
  .refine((value) => Object.keys(value).length > 0, { error: 'expected at least one claim on the body, such as contains: text, got none' })

export type BodyClaim = z.output<typeof bodyClaim>

const headerValue = z
  .union(
    [
      z.string(),
      z
        .strictObject({
          contains: text.optional().describe('Text in its value.'),
          matches: pattern.optional().describe('A regular expression (RE2) that is found in its value.'),
          present: z.literal(true).optional().describe('The answer has it.'),
          absent: z.literal(true).optional().describe('The answer does not have it.'),
        })
        .refine((value) => Object.keys(value).length === 1, { error: 'expected one of contains, matches, present and absent' }),
    ],
    {
      error: (issue) =>
        `expected the value of a header as text, or a map such as { contains: text }, { matches: expression }, { present: true } or { absent: true }, got ${show(issue.input)}`,
    },
  )
  .meta({ title: 'text or map' })

export const headerClaims = z
  .record(headerName, headerValue)
  .superRefine((map, context) => {
    if (Object.keys(map).length === 0)
      context.addIssue({ code: 'custom', message: 'expected at least one header, such as { content-type: { contains: json } }, got none' })
    for (const [name, claim] of Object.entries(map)) {
      const why = whyValueNotKept(name.toLowerCase())
      if (why !== undefined && !(typeof claim === 'object' && ('present' in claim || 'absent' in claim)))
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `the value of ${name} is not kept (${why}): claim { present: true } or { absent: true }`,
        })
    }
  })
  .meta({ title: 'map by header' })

export type HeaderClaims = z.output<typeof headerClaims>

/** The longest spelling of a test that a report shows. */
const LONGEST = 60

const clip = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text)

/** One test, with its place below the claim and the spelling for reports. */
interface Asked<Test> {
  path: readonly (string | number)[]
  asked: string
  test: Test
}

/** The single tests of a claim on the body, in the order of its keys. */
export function bodyTests(claim: BodyClaim): Asked<BodyTest>[] {
  const texts = (op: 'contains' | 'lacks'): Asked<BodyTest>[] =>
    (claim[op] ?? []).map((each) => ({ path: [op], asked: clip(each), test: { op, text: each } }))
  return [
    ...(claim.equals === undefined ? [] : [asText('equals', claim.equals)]),
    ...texts('contains'),
    ...texts('lacks'),
    ...(claim.matches === undefined ? [] : [asText('matches', claim.matches)]),
    ...(Object.hasOwn(claim, 'json')
      ? [{ path: ['json'], asked: clip(JSON.stringify(claim.json)), test: { op: 'json' as const, value: claim.json } }]
      : []),
    ...Object.entries(claim.path ?? {}).map(([each, value]) => ({
      path: ['path', each],
      asked: clip(`${each}: ${JSON.stringify(value)}`),
      test: { op: 'path' as const, path: each, value },
    })),
    ...(claim.no_path ?? []).map((each) => ({ path: ['no_path'], asked: clip(each), test: { op: 'no_path' as const, path: each } })),
    ...(claim.stack_trace === undefined ? [] : [{ path: ['stack_trace'], asked: 'false', test: { op: 'stack_trace' as const } }]),
  ]
}

const asText = (op: 'equals' | 'matches', text: string): Asked<BodyTest> => ({
  path: [op],
  asked: clip(text),
  test: { op, text },
})

/** The single tests of a claim on headers. */
export function headerTests(claims: HeaderClaims): Asked<HeaderTest>[] {
  return Object.entries(claims).map(([key, claim]) => {
    const name = key.toLowerCase()
    if (typeof claim === 'string') return { path: [key], asked: clip(claim), test: { name, op: 'equals', text: claim } }
    const [op, value] = Object.entries(claim)[0] as [HeaderTest['op'], string | true]
    const test = (value === true ? { name, op } : { name, op, text: value }) as HeaderTest
    return { path: [key], asked: value === true ? op : clip(`${op} ${value}`), test }
  })
}
