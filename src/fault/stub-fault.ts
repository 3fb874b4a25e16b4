import type { Law } from './law.ts'

/** The header by which the hop tells the stub which fault a request meets: the id of the fault. */
export const FAULT_HEADER = 'x-chaos-fault'

/** What a stub does to a request in place of serving it as ever; times in ms. */
export type StubFault =
  /** It works on the request as ever, and never answers. */
  | { kind: 'hang' }
  /** It works on the request as ever; then the connection to Envoy is reset, by the door before the hop. */
  | { kind: 'reset' }
  /** It holds the request before that gets into its line, where it takes no worker. */
  | { kind: 'delay'; law: Law }
  /** It works so many times as long. */
  | { kind: 'slow'; factor: number }
  /** The headers of the answer go at once, with the whole length; then this share of the body, and the end of the connection. */
  | { kind: 'truncate'; share: number }
  /** The headers go at once, the body evenly over a time, or at so many KiB a second. */
  | { kind: 'slow_body'; overMs: number }
  | { kind: 'slow_body'; kbps: number }
