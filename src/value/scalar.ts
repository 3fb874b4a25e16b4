import { z } from 'zod'
import { LONGEST_MS, type Ms, type PerSecond, parseMs, parseRate } from '../units.ts'
import { type Condition, conditionPattern, parseCondition, type Quantity } from './condition.ts'
import { GRPC_STATUSES, grpcNumber } from './grpc-status.ts'
import { conditionMeant, durationMeant, rateMeant } from './meant.ts'
import { nearest } from './nearest.ts'
import { show } from './show.ts'

/** The scalar types of a scenario: how each is spelt, and what it is read into. `title` is how the reference calls it. */

/** A scalar that carries its unit. A bare number is let in only so that the message can say which unit it lacks. */
const withUnit = (what: string, pattern: string, example: string) =>
  z
    .union([z.string(), z.number()], { error: (issue) => `expected a ${what} such as ${example}, got ${show(issue.input)}` })
    .meta({ type: 'string', pattern, examples: [example] })

const durationText = withUnit('duration', '^(\\d+(\\.\\d+)?(us|ms|s|m|h))+$', '250ms').meta({ title: 'duration' })

/** What a bare number lacks, and how it is written with each of the units that may be meant. */
export function lackOf(input: string | number, units: readonly string[]): string {
  if (!/^\d+(\.\d+)?$/.test(String(input))) return ''
  return ` without its unit (write ${units.map((unit) => `${input}${unit}`).join(' or ')})`
}

function readDuration(input: string | number, context: z.RefinementCtx): Ms {
  const value = typeof input === 'number' || input.length > 60 ? undefined : parseMs(input)
  if (value === undefined) {
    return fail(
      context,
      `expected a duration such as 250ms, 1.5s or 1m30s, got ${show(input)}${lackOf(input, ['ms', 's'])}`,
      durationMeant(String(input)),
    )
  }
  if (value > LONGEST_MS) return fail(context, `expected a duration that a timer can hold (at most 24 days), got ${show(input)}`)
  return value
}

/** A duration above zero. */
export const duration = durationText.transform((input, context): Ms => {
  const value = readDuration(input, context)
  if (value === 0) return fail(context, `expected a duration above zero, got ${show(input)}`)
  return value
})

/** A duration where zero has Envoy's meaning: no limit. */
export const durationOrZero = durationText.transform(readDuration)

const rateText = withUnit('rate', '^\\d+(\\.\\d+)?\\s?/s$', '200/s').meta({ title: 'rate' })

function readRate(input: string | number, context: z.RefinementCtx): PerSecond {
  const value = typeof input === 'number' || input.length > 60 ? undefined : parseRate(input)
  if (value === undefined) {
    return fail(context, `expected a rate such as 200/s, got ${show(input)}${lackOf(input, ['/s'])}`, rateMeant(String(input)))
  }
  if (value > 20_000) return fail(context, `expected a rate that one load generator can offer (at most 20000/s), got ${show(input)}`)
  return value
}

/** A rate above zero. */
export const rate = rateText.transform((input, context): PerSecond => {
  const value = readRate(input, context)
  if (value === 0) return fail(context, `expected a rate above zero, got ${show(input)}`)
  return value
})

/** A rate where zero has a meaning: nothing for a while. */
export const rateOrZero = rateText.transform(readRate)

/** 0–100, as Envoy counts; above 0, since a fault that never fires proves nothing. */
export const percent = z
  .number({ error: (issue) => `expected a percentage as a plain number up to 100 (30 means 30 of 100), got ${show(issue.input)}` })
  .refine((value) => value > 0 && value <= 100, {
    error: (issue) => `expected a percentage above 0 and at most 100, got ${show(issue.input)}`,
  })
  .refine((value) => Number.isInteger(Math.round(value * 1e8) / 1e4), {
    error: (issue) => `expected at most four decimals, as Envoy counts in millionths, got ${show(issue.input)}`,
  })
  .meta({ title: 'percentage', exclusiveMinimum: 0, maximum: 100, examples: [10] })

/** A percentage where zero has a meaning: an end of a ramp. */
export const percentOrZero = z
  .number({ error: (issue) => `expected a percentage from 0 to 100 as a plain number, got ${show(issue.input)}` })
  .refine((value) => value >= 0 && value <= 100 && Number.isInteger(Math.round(value * 1e8) / 1e4), {
    error: (issue) => `expected a percentage from 0 to 100 with at most four decimals, got ${show(issue.input)}`,
  })
  .meta({ title: 'percentage', minimum: 0, maximum: 100, examples: [50] })

/** A status that a server may answer with. */
export const httpStatus = z
  .number({ error: (issue) => `expected an HTTP status from 200 to 599, got ${show(issue.input)}` })
  .refine((value) => Number.isInteger(value) && value >= 200 && value <= 599, {
    error: (issue) => `expected an HTTP status from 200 to 599, got ${show(issue.input)}`,
  })
  .meta({ title: 'status', type: 'integer', minimum: 200, maximum: 599, examples: [503] })

/** A status of gRPC, by its name or its number. */
export const grpcStatus = z
  .union([z.string(), z.number()], { error: (issue) => expectedGrpcStatus(issue.input) })
  .meta({ title: 'status of gRPC', examples: ['UNAVAILABLE', 14] })
  .transform(
    (input, context): number => grpcNumber(input) ?? fail(context, expectedGrpcStatus(input), nearest(String(input), GRPC_STATUSES)),
  )

const expectedGrpcStatus = (input: unknown) =>
  `expected a status of gRPC, by its name such as UNAVAILABLE or its number from 0 to ${GRPC_STATUSES.length - 1}, got ${show(input)}`

/** `constructor` and its kin: every object has them already, so a table looked up by such a name would find the wrong thing. */
const isInherited = (text: string) => text in Object.prototype

const NAME = '^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$'

export const name = z
  .string()
  .regex(new RegExp(NAME), {
    abort: true,
    error: (issue) => `expected a name of letters, digits, "-" and "_" (at most 60), got ${show(issue.input)}`,
  })
  .refine((text) => !isInherited(text), { error: (issue) => `the name ${show(issue.input)} is taken by JavaScript: expected another` })
  .meta({ title: 'name' })

/** The name of something that stands elsewhere in the file; that it does is checked in scenario/names.ts. */
export const reference = z.string().meta({ title: 'name' })

/** A name for people: anything printable on one line. */
export const title = z
  .string()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  .regex(/^[^\u0000-\u001f\u007f]{1,200}$/, {
    error: (issue) => `expected text on one line, 1 to 200 characters, got ${show(issue.input)}`,
  })
  .refine((text) => text.trim() === text, { error: (issue) => `expected text without spaces around it, got ${show(issue.input)}` })
  .meta({ title: 'text' })

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/
const HEADER_VALUE = /^(?:[\u0021-\u007e](?:[\t\u0020-\u007e]{0,8000}[\u0021-\u007e])?)?$/

/** The name of a header, in any case. */
export const headerName = z
  .string()
  .regex(HEADER_NAME, {
    abort: true,
    error: (issue) => `expected the name of a header, such as x-user, got ${show(issue.input)}`,
  })
  .refine((text) => !isInherited(text.toLowerCase()) && !isInherited(text), {
    error: (issue) => `the name ${show(issue.input)} is taken by JavaScript: expected another`,
  })
  .meta({ title: 'name' })

/**
 * CR and LF would let a value forge further headers; spaces at its ends are lost on the wire. Of an é the client sends the
 * one byte of Latin-1, while Envoy compares with the two of UTF-8: it would match nothing.
 */
export const headerValue = z
  .union([z.string(), z.number(), z.boolean()], { error: (issue) => `expected text as the value of a header, got ${show(issue.input)}` })
  .transform(String)
  .refine((value) => HEADER_VALUE.test(value), {
    error: (issue) =>
      `expected the value of a header: ASCII characters only, no line breaks or control characters, no spaces around it, got ${show(issue.input)}`,
  })

/** Header names come out in lower case, as they go over the wire; two that differ in case only are one header. */
export const byHeader = <Value extends z.ZodType>(value: Value) =>
  z
    .record(headerName, value)
    .superRefine((map, context) => {
      const seen = new Map<string, string>()
      for (const key of Object.keys(map)) {
        const first = seen.get(key.toLowerCase())
        if (first !== undefined)
          context.addIssue({
            code: 'custom',
            path: [key],
            params: { at: 'key' },
            message: `the header ${show(key)} stands here twice: ${show(first)} is the same one`,
          })
        seen.set(key.toLowerCase(), key)
      }
    })
    .transform(
      (map): Record<string, z.output<Value>> => Object.fromEntries(Object.entries(map).map(([key, value]) => [key.toLowerCase(), value])),
    )

export const headers = byHeader(headerValue).meta({ title: 'headers' })

/** Of headers to select by: at least one. */
export const notEmpty = [
  (map: object) => Object.keys(map).length > 0,
  { error: 'expected a header, such as { x-user: jason }, got none' },
] as const

/** Headers to select by. */
export const headerMatch = headers.refine(...notEmpty).meta({ title: 'headers' })

const CONDITION_EXAMPLES: Record<Quantity, (string | number)[]> = {
  share: ['>= 99%', '<= 1%', '5% .. 15%'],
  latency: ['<= 150ms', '200ms .. 260ms'],
  count: [0, '>= 1', '10 .. 20'],
  factor: ['<= 1.2', '1.1 .. 1.3'],
  throughput: ['>= 180/s', '90/s .. 110/s'],
}

/** The bare numbers that are conditions, for editors: what else would be a number lacks its unit or its side. */
const BARE: Partial<Record<Quantity, object>> = { share: { const: 0 }, count: { type: 'integer', minimum: 0 } }

/** A condition on one quantity, such as ">= 99%". */
export function condition(quantity: Quantity, examples = CONDITION_EXAMPLES[quantity]) {
  const text = { type: 'string', pattern: conditionPattern(quantity) }
  const bare = BARE[quantity]
  return z
    .union([z.string(), z.number()], {
      error: (issue) => `expected a condition such as ${JSON.stringify(examples[0])}, got ${show(issue.input)}`,
    })
    .meta({ title: quantity, examples, ...(bare === undefined ? text : { anyOf: [text, bare] }) })
    .transform((input, context): Condition => {
      const read = parseCondition(input, quantity)
      return 'expected' in read ? fail(context, `${read.expected}, got ${show(input)}`, quoted(conditionMeant(input, quantity))) : read
    })
}

/** A whole number within bounds. */
export const wholeNumber = (low: number, high: number) =>
  z
    .number()
    .refine((value) => Number.isInteger(value) && value >= low && value <= high, {
      error: (issue) => `expected a whole number from ${low} to ${high}, got ${show(issue.input)}`,
    })
    .meta({ title: 'number', type: 'integer', minimum: low, maximum: high })

/** A host, with or without a port. */
export const hostname = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9])?(?::\d{1,5})?$/, {
    error: (issue) => `expected the name of a host, such as api.example.com or api:8080, got ${show(issue.input)}`,
  })
  .meta({ title: 'host' })

/** The path of a request, with its query. */
export const path = z
  .string()
  .regex(/^\/[\u0021\u0022\u0024-\u007e]{0,8000}$/, {
    error: (issue) => `expected a path that begins with "/" and holds no spaces and no "#", got ${show(issue.input)}`,
  })
  .meta({ title: 'path', examples: ['/items/42'] })

/** A whole number from 0, as Envoy's UInt32Value. */
export const uint32 = z
  .number({ error: (issue) => `expected a whole number from 0, got ${show(issue.input)}` })
  .refine((value) => Number.isInteger(value) && value >= 0 && value <= 4_294_967_295, {
    error: (issue) => `expected a whole number from 0 to 4294967295, got ${show(issue.input)}`,
  })
  .meta({ title: 'number', type: 'integer', minimum: 0, maximum: 4_294_967_295 })

/** @param meant - how that very value is spelt here, where that can be told */
export function fail(context: z.RefinementCtx, message: string, meant?: string): never {
  context.addIssue({ code: 'custom', message, ...(meant === undefined ? {} : { params: { hint: `did you mean ${meant}?` } }) })
  return z.NEVER
}

/** In YAML a text that begins with ">" is something else without its quotes. */
export const quoted = (meant: string | undefined) => (meant === undefined ? undefined : JSON.stringify(meant))
