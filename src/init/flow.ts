import { stringify } from 'yaml'

/** For a place on one line, also in a `{ }` or `[ ]`, and for readers of YAML 1.1, who take `no` for false. */
const ON_ONE_LINE = {
  collectionStyle: 'flow',
  flowCollectionPadding: false,
  lineWidth: 0,
  doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  compat: 'yaml-1.1',
} as const

const PLAIN = /^[!-~]+(?: [!-~]+)*$/

/** A text or number as YAML that reads back as the same, whatever it holds: quoted where it has to be. */
export function flow(value: string | number): string {
  const plain = inner(stringify([value], ON_ONE_LINE))
  return PLAIN.test(plain) ? plain : inner(stringify([value], { ...ON_ONE_LINE, defaultStringType: 'QUOTE_DOUBLE' }))
}

export const flowList = (values: readonly (string | number)[]) => `[${values.map(flow).join(', ')}]`

/** Without the `[` before it, and the `]` and line break after it. */
const inner = (list: string) => list.slice(1, -2)
