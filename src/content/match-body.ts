import { unreachable } from '../errors.ts'
import { plural } from '../value/show.ts'
import type { Body, Headers } from './answer.ts'
import { selected } from './json-path.ts'
import { brief, shortfall } from './json-subset.ts'
import { type Match, quoted, quotedAround, surelyHolds } from './match.ts'
import { isFound } from './pattern.ts'
import { stackTraceIn } from './stack-trace.ts'

/** One thing that a body must be, hold or lack. */
export type BodyTest =
  | { op: 'equals' | 'contains' | 'lacks' | 'matches'; text: string }
  | { op: 'json'; value: unknown }
  | { op: 'path'; path: string; value: unknown }
  | { op: 'no_path'; path: string }
  | { op: 'stack_trace' }

/** What one request got, as far as it came. */
export interface Got {
  headers: Headers | null
  body: Body | null
  /** Why there is no whole answer; null when there is. */
  error: string | null
}

/** Silence satisfies these, so only an answer can. */
const NEGATIVE: readonly BodyTest['op'][] = ['lacks', 'no_path', 'stack_trace']

/** Whether the body of an answer passes a test: `met` only where all that it takes to know was seen. */
export function matchBody(test: BodyTest, { headers, body, error }: Got): Match {
  const isNegative = NEGATIVE.includes(test.op)
  if (body === null) return { is: isNegative ? 'none' : 'missed', seen: 'no answer' }
  const unreadable = whyUnreadable(body, headers)
  if (unreadable !== undefined) return { is: !isNegative && error !== null ? 'missed' : 'unknown', seen: unreadable }
  if (!('text' in body)) return { is: 'unknown', seen: 'a body that was not kept' }
  // A violation in the part that came is one; that it did not all come is one for what it should have been.
  if (error !== null && !isNegative) return { is: 'missed', seen: `a body that broke off: ${quoted(body.text)}` }
  return body.hidden && test.op !== 'stack_trace' ? matchHidden(test, body) : matchText(test, body)
}

/** What is found in a body that hides secrets is in it; what is not found may be what was hidden. */
function matchHidden(test: BodyTest, { text, whole }: Text): Match {
  const found = 'text' in test && surelyHolds(text, test.text)
  if (found && test.op === 'lacks') return { is: 'missed', seen: quotedAround(text, test.text) }
  if (found && (test.op === 'contains' || (test.op === 'equals' && whole && test.text === text))) return { is: 'met', seen: quoted(text) }
  return { is: 'unknown', seen: `a body of which the evidence hides a secret: ${quoted(text)}` }
}

function whyUnreadable(body: Body, headers: Headers | null): string | undefined {
  if ('kept' in body) return 'a body that was not kept, after too many different ones'
  const coding = headers !== null && 'fields' in headers ? headers.fields['content-encoding'] : undefined
  if (coding !== undefined && coding !== 'identity' && body.bytes > 0)
    return `a compressed body (content-encoding: ${coding ?? 'not kept'})`
  return 'binary' in body ? `a binary body of ${plural(body.bytes, 'byte')}` : undefined
}

type Text = Extract<Body, { text: string }>

function matchText(test: BodyTest, body: Text): Match {
  const { text, whole } = body
  const seen = quoted(text)
  const unless = (isMissed: boolean, what = seen): Match =>
    isMissed ? { is: 'missed', seen: what } : whole ? { is: 'met', seen } : partOf(body)
  const provided = (isMet: boolean): Match => (isMet ? { is: 'met', seen } : whole ? { is: 'missed', seen } : partOf(body))
  switch (test.op) {
    case 'equals':
      return unless(Buffer.byteLength(test.text) !== body.bytes || !test.text.startsWith(text))
    case 'contains':
      return provided(text.includes(test.text))
    case 'lacks':
      return unless(text.includes(test.text), quotedAround(text, test.text))
    case 'matches':
      return whole ? provided(isFound(test.text, text)) : partOf(body)
    case 'stack_trace': {
      const language = stackTraceIn(text)
      return unless(language !== undefined, `a stack trace of ${language}`)
    }
    case 'json':
    case 'path':
    case 'no_path':
      return whole ? matchJson(test, text) : partOf(body)
    default:
      return unreachable(test)
  }
}

const partOf = ({ text, bytes }: Text): Match => ({
  is: 'unknown',
  seen: `a body of ${bytes} bytes, of which only the first ${Buffer.byteLength(text)} are known`,
})

function matchJson(test: Extract<BodyTest, { op: 'json' | 'path' | 'no_path' }>, text: string): Match {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { is: 'missed', seen: `no JSON: ${quoted(text)}` }
  }
  if (test.op === 'json') return asMatch(shortfall(test.value, value), text)
  const values = selected(test.path, value)
  if (values === undefined) return { is: 'unknown', seen: 'JSON that is nested too deeply' }
  if (test.op === 'no_path')
    return values.length === 0 ? { is: 'met', seen: quoted(text) } : { is: 'missed', seen: `${test.path} is ${brief(values[0])}` }
  if (values.length === 0) return { is: 'missed', seen: `${test.path} selects nothing of ${quoted(text)}` }
  const shortfalls = values.map((each) => shortfall(test.value, each, test.path)).filter((each) => each !== undefined)
  return asMatch(shortfalls.find(({ is }) => is === 'missed') ?? shortfalls[0], text)
}

const asMatch = (found: ReturnType<typeof shortfall>, text: string): Match =>
  found === undefined ? { is: 'met', seen: quoted(text) } : { is: found.is, seen: found.why }
