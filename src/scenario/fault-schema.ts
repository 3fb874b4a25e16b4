import { z } from 'zod'
import { type Asked, askedOf } from '../fault/asked.ts'
import { meanOf } from '../fault/ramp.ts'
import {
  actionOf,
  describeAction,
  FAULT_KIND_NAMES,
  FAULT_KINDS,
  type FaultAction,
  type FaultKindName,
  isRouted,
  makingOf,
} from '../fault/registry.ts'
import { formatMs } from '../units.ts'
import { percent, percentOrZero, reference, wholeNumber } from '../value/scalar.ts'
import { listed, show } from '../value/show.ts'
import { abort, type Share } from './shares.ts'
import { when } from './when-schema.ts'

const kindsOfFault = Object.fromEntries(FAULT_KIND_NAMES.map((kind) => [kind, FAULT_KINDS[kind].schema.optional()])) as {
  [Kind in FaultKindName]: z.ZodOptional<(typeof FAULT_KINDS)[Kind]['schema']>
}

/** @see src/fault/ramp.ts */
const ramp = z
  .strictObject({
    from: percentOrZero.describe('At the beginning of the phase.'),
    to: percentOrZero.describe('At its end.'),
  })
  .refine(({ from, to }) => from !== to, { error: 'expected from and to to differ; one percentage is written percent: 10' })

const written = z.strictObject({
  cluster: reference.describe('The cluster whose requests meet the fault.'),
  replica: wholeNumber(1, 20).optional().describe('Only this replica, counted from 1. Left out: all.'),
  at: z
    .enum(['upstream', 'ingress'])
    .default('upstream')
    .describe(
      'upstream: behind the router, so that timeouts, retries and breakers react to it. ingress: before the router, where no policy of Envoy sees it.',
    ),
  ...kindsOfFault,
  abort: abort.optional(),
  by: z
    .literal('header', { error: (issue) => `expected header, got ${show(issue.input)}` })
    .meta({ title: '`header`' })
    .optional()
    .describe(
      "header: only requests whose caller asks for it, by Envoy's own headers: x-envoy-fault-abort-request: 503, x-envoy-fault-abort-grpc-request: 14, or x-envoy-fault-delay-request: 400 (ms). An app must hand them on.",
    ),
  percent: z
    .union([percent, ramp], {
      error: (issue) =>
        `expected a percentage as a plain number up to 100 (30 means 30 of 100), or a ramp such as { from: 0, to: 50 }, got ${show(issue.input)}`,
    })
    .meta({ title: 'percentage or map' })
    .default(100)
    .describe(
      'How many of 100 matching attempts meet it, drawn at random by Envoy; or a ramp over the phase: { from: 0, to: 50 }, or falling. It is moved ten times a second, while requests are in flight.',
    ),
  mode: z
    .enum(['random', 'exact'])
    .default('random')
    .describe(
      'random: Envoy draws for each attempt. exact: so many percent of the matching requests, as a whole number of them, drawn from the seed before the run; Envoy knows them by a mark. Each attempt of such a request meets the fault, unless when.attempt says which; of an app, each attempt of each call that it makes for it, where the call has its x-request-id or traceparent. For an open loop, and for runs of an app.',
    ),
  every: wholeNumber(2, 1_000_000)
    .optional()
    .describe(
      'In place of percent: exactly each so-manieth of the matching requests that the load sends in the phase (5: the 5th, 10th, 15th), chosen as by mode: exact. Of an app it is not each so-manieth call: all calls for such a request meet it.',
    ),
  first: wholeNumber(1, 1_000_000)
    .optional()
    .describe('In place of percent: exactly the first so many of the matching requests of the phase, chosen as by mode: exact.'),
  when: when.optional().describe('Which requests may meet it. Left out: all.'),
})

type Written = z.output<typeof written>

interface Problem {
  message: string
  path?: (string | number)[]
  params?: { at: 'key' }
}

/** A fault of a phase. */
export const fault = written
  .superRefine((value, context) => {
    for (const each of problemsOf(value)) context.addIssue({ code: 'custom', ...each })
  })
  .transform(({ abort, percent: asked, ...others }) => {
    const rest = {
      ...others,
      ...(typeof asked === 'object' ? { percent: meanOf(asked), ramp: asked } : { percent: asked, ramp: undefined }),
    }
    if (!Array.isArray(abort)) return { ...rest, abort, shares: [] }
    // The first stands for all of them wherever it does not matter which status it is.
    const [first] = abort as [Share]
    return { ...rest, abort: first.status, percent: first.percent, shares: abort }
  })

/** What does not go together. */
function problemsOf(value: Written): Problem[] {
  const action = Array.isArray(value.abort) ? undefined : actionOf({ ...value, abort: value.abort })
  return [...ofKinds(value), ...ofDelay(value), ...ofPlace(value, action), ...ofAmount(value), ...ofHeader(value, action)]
}

const kindsIn = (value: Written) => FAULT_KIND_NAMES.filter((key) => value[key] !== undefined)
const isPair = (value: Written) => kindsIn(value).length === 2 && value.delay !== undefined && value.abort !== undefined

/** One kind, or a delay and an abort for the same requests. */
function ofKinds(value: Written): Problem[] {
  const given = kindsIn(value)
  if (given.length === 0) return [{ message: `expected one kind of fault (${listed(FAULT_KIND_NAMES, 'or')}), got none` }]
  const why = isPair(value) ? whyUnpaired(value) : given.length > 1 ? 'a fixed delay and an abort alone go together' : undefined
  if (why === undefined) return []
  return [
    {
      message: `expected one kind of fault, got ${listed(given, 'and')}: ${why}; write a fault for each, which act in their order, each by draws of its own`,
    },
  ]
}

/** Why a delay and an abort cannot be for the same requests; undefined where they can. */
function whyUnpaired({ delay, abort }: { delay?: unknown; abort?: unknown }): string | undefined {
  if (typeof delay !== 'number') return 'a delay that is drawn is made at the stub, which a request that is aborted never comes to'
  return Array.isArray(abort) ? 'several statuses of abort have their own percentages' : undefined
}

/** Measured: of 0.5 ms Envoy makes none at all. */
function ofDelay({ delay, by }: Written): Problem[] {
  // By header it is told of there.
  if (typeof delay !== 'number' || Number.isInteger(delay) || by !== undefined) return []
  return [{ path: ['delay'], message: `expected whole milliseconds, as Envoy's filter counts them, got ${formatMs(delay)}` }]
}

function ofPlace(value: Written, action: FaultAction | undefined): Problem[] {
  if (value.at !== 'ingress') return []
  const found: Problem[] = []
  if (value.replica !== undefined)
    found.push({ path: ['replica'], message: 'a fault at: ingress is made before a replica is chosen: leave replica out' })
  if (value.when?.attempt !== undefined)
    found.push({
      path: ['when', 'attempt'],
      message: 'a fault at: ingress is made before there is any attempt: leave attempt out, or make it at: upstream',
    })
  if (isPair(value))
    found.push({
      path: ['at'],
      message:
        'before the router Envoy draws for a delay and for an abort by itself, so that they would not meet the same requests: leave at out',
    })
  else if (action !== undefined && isRouted(action))
    found.push({
      path: ['at'],
      message: `${action.kind} is made at the ${makingOf(action).by === 'stub' ? 'stub' : 'hop'}, behind the router, and no filter before that can: leave at out`,
    })
  return found
}

/** How many, or which: one way of saying so. */
function ofAmount(value: Written): Problem[] {
  const found: Problem[] = []
  const instead = (['every', 'first'] as const).filter((key) => value[key] !== undefined)
  const isRamp = typeof value.percent === 'object'
  const beside = isRamp || Number(value.percent) < 100 ? 'percent' : value.mode === 'exact' ? 'mode' : undefined
  if (isRamp && value.mode === 'exact')
    found.push({
      path: ['percent'],
      message:
        'a ramp is drawn by Envoy as it goes, and mode: exact chooses requests before the run: leave mode out, or give one percentage',
    })
  else if (isRamp && value.by !== undefined)
    found.push({
      path: ['percent'],
      message: 'a ramp cannot be kept: with by: header callers decide who meets the fault and when; give one percentage',
    })
  if (instead.length > 1 || (instead.length === 1 && beside !== undefined))
    found.push({
      path: [instead[1] ?? beside ?? 'every'],
      message: `expected one of percent, every and first, got ${listed([...(beside === undefined ? [] : [beside === 'mode' ? 'mode: exact' : beside]), ...instead], 'and')}`,
    })
  const other = beside ?? instead[0] ?? (value.by === undefined ? undefined : 'by')
  if (Array.isArray(value.abort) && other !== undefined)
    found.push({
      path: [other],
      message: `expected one of ${other} and several statuses of abort, which have their own percentages, got both`,
    })
  return found
}

/** What callers ask for by a header of Envoy's. */
function ofHeader(value: Written, action: FaultAction | undefined): Problem[] {
  if (value.by === undefined || action === undefined) return []
  const asked: Asked | undefined = askedOf(action)
  if (asked === undefined)
    return [
      {
        path: ['by'],
        message: `no header of Envoy's asks for ${describeAction(action)}: they ask for an abort, or for a delay of whole milliseconds`,
      },
    ]
  return Object.entries(asked.headers).flatMap(([header, text]): Problem[] =>
    value.when?.header?.[header] === undefined
      ? []
      : [
          {
            path: ['when', 'header', header],
            params: { at: 'key' },
            message: `by: header says already that requests have ${header}: ${text}: leave it out`,
          },
        ],
  )
}
