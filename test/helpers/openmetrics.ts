/*
 * A strict reader of OpenMetrics text: the ABNF of the specification, and what it says besides of the kinds that we write.
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/#abnf
 */

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^\\\\"\\n]|\\\\[\\\\"n])*"'
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|Inf)|NaN'
const HEAD = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.+)$`)
const SAMPLE = new RegExp(`^(${NAME})\\{(|${LABEL}(?:,${LABEL})*)\\} (${NUMBER})(?: (${NUMBER}))?$`)
const SUFFIXES: Record<string, readonly string[]> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
  info: ['_info'],
}

export interface OpenMetricsSample {
  name: string
  labels: Record<string, string>
  value: number
  at: number | null
}

/** @throws Error at the first line that the specification does not allow */
export function readOpenMetrics(text: string): OpenMetricsSample[] {
  if (!text.endsWith('# EOF\n')) throw new Error('it does not end in # EOF')
  const samples: OpenMetricsSample[] = []
  const families = new Set<string>()
  const seen = new Set<string>()
  let [family, type] = ['', '']
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const refuse = (why: string) => new Error(`${why}: ${line}`)
    const [, kind, named = '', rest = ''] = HEAD.exec(line) ?? []
    if (kind === 'TYPE') {
      if (families.has(named)) throw refuse('a family that stood before')
      families.add(named)
      ;[family, type] = [named, rest]
      continue
    }
    if (kind !== undefined) {
      if (named !== family) throw refuse('not of this family')
      if (kind === 'UNIT' && !named.endsWith(`_${rest}`)) throw refuse('the name does not end in its unit')
      continue
    }
    const [, name = '', labels = '', value = '', at] = SAMPLE.exec(line) ?? []
    if (name === '') throw refuse('no sample')
    if (!SUFFIXES[type]?.some((suffix) => name === `${family}${suffix}`)) throw refuse(`no sample of the ${type} ${family}`)
    const key = `${name}{${labels}} ${at ?? ''}`
    if (seen.has(key)) throw refuse('the same sample twice')
    seen.add(key)
    const pairs = [...labels.matchAll(/(\w+)="((?:[^\\"]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text] as const)
    if (new Set(pairs.map(([label]) => label)).size < pairs.length) throw refuse('a label twice')
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value), at: at === undefined ? null : Number(at) })
  }
  return samples
}
