/** How a time is drawn, in ms. */
export type Law =
  | { kind: 'fixed'; ms: number }
  | { kind: 'log-normal'; p50: number; p99: number }
  | { kind: 'uniform'; from: number; to: number }

/** The longest that it draws; of a law without an end, its 99th percentile. */
export function longestOf(law: Law): number {
  switch (law.kind) {
    case 'fixed':
      return law.ms
    case 'log-normal':
      return law.p99
    case 'uniform':
      return law.to
  }
}
