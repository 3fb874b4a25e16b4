import { FAMILIES, type FamilyName, type MetricFamily } from './metric-families.ts'
import type { Labels } from './time-series.ts'

/** What stands before the samples of a family. @see https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export function metricHead(name: FamilyName): string[] {
  const { type, help, unit }: MetricFamily = FAMILIES[name]
  return [`# TYPE ${name} ${type}\n`, ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}\n`]), `# HELP ${name} ${help}\n`]
}

/** What a label may not hold as it is: OpenMetrics, ABNF of `label-value`. */
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

export const labelText = (labels: Labels) =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (character) => ESCAPES[character] as string)}"`)
    .join(',')}}`

/** A bound as the specification spells it: `10.0`, `0.25`, `+Inf`. */
export const boundText = (le: string) => (/^\d+$/.test(le) ? `${le}.0` : le)

export const METRICS_END = '# EOF\n'
