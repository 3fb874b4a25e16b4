/** The header by which the hop tells the stub which fault a request meets: the id of the fault. */
export const FAULT_HEADER = 'x-chaos-fault'

/** What a stub does to a request in place of serving it as ever. */
export type StubFault =
  /** It works on the request as ever, and never answers. */
  { kind: 'hang' }
