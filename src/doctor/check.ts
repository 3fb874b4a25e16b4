/** One thing that was looked at. */
export interface Check {
  name: string
  /** `note`: worth knowing, and nothing is amiss without it. */
  status: 'ok' | 'note' | 'gap'
  /** What there is, in a few words. */
  found: string
  /** What a gap means for runs, and what to do about it. */
  meaning?: string
  remedy?: string
  /** Further lines of evidence. */
  detail?: readonly string[]
}

/** A way to run scenarios. */
export interface Runtime {
  name: 'process' | 'docker'
  ready: boolean
  /** What it would run on, or what it lacks. */
  found: string
}

/** What this machine can run. */
export interface Diagnosis {
  version: string
  platform: string
  runtimes: readonly Runtime[]
  machine: readonly Check[]
  docker: readonly Check[]
}

export const isReady = (checks: readonly Check[]) => checks.every(({ status }) => status !== 'gap')

/** What keeps a runtime from running, in a few words. */
export const lacking = (checks: readonly Check[]) =>
  checks
    .filter(({ status }) => status === 'gap')
    .map(({ name }) => name)
    .join(', ')
