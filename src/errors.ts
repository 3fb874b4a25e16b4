/** The exit codes of `chaos`, stable: scripts and CI rely on them. */
export const EXIT = {
  pass: 0,
  expectationFailed: 1,
  badInput: 2,
  environment: 3,
  inconclusive: 4,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Why a run could not be made: the user's input (exit 2) or the machine (exit 3). */
export type ErrorKind = 'badInput' | 'environment'

/** One problem in a file of the user's. `line` and `col` count from 1. */
export interface Problem {
  file: string
  line: number
  col: number
  message: string
  hint?: string
  /** The quoted source line with a caret under the place, ready to print. */
  frame?: string
}

/**
 * An error a person can act on. Its message says what and where, `hint` what to do, `detail` the evidence (last log
 * lines, for instance). Anything else that is thrown is a bug in chaos and is printed with its stack.
 */
export class ChaosError extends Error {
  override readonly name = 'ChaosError'
  readonly kind: ErrorKind
  readonly hint: string | undefined
  readonly detail: readonly string[]
  readonly problems: readonly Problem[]

  constructor(
    kind: ErrorKind,
    message: string,
    more: { hint?: string; detail?: readonly string[]; problems?: readonly Problem[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.kind = kind
    this.hint = more.hint
    this.detail = more.detail ?? []
    this.problems = more.problems ?? []
  }
}

/** For the `default` of a switch over a union: a new member breaks the build here. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`)
}
