/** One line of the table. */
export interface Row {
  what: string
  /** Figures of ours and of the peer (or floor), as people read them. */
  ours: string
  peer: string
  /** Ours against the peer: a ratio or a difference. */
  compared: string
  goal: string
  met: boolean
  /** What the texts were made of, for `--json`; units in the names. */
  figures: Readonly<Record<string, number | readonly number[]>>
}

export interface Bench {
  /** For `--only`. */
  name: string
  /** Why it runs only when it is asked for by name, such as `takes 12 minutes`. */
  onlyWhenAsked?: string
  run(world: BenchWorld): Promise<readonly Row[]>
}

export interface BenchWorld {
  envoy: string
  /** An empty folder that is removed afterwards. */
  folder: string
  /** What goes on, on stderr. */
  say(text: string): void
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2
}
