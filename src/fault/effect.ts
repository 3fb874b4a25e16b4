import type { Law } from './law.ts'

/** What a fault does to a try that meets it. */
export type Effect =
  /** It is answered so in the upstream's place, after so long: with an HTTP status, or as a gRPC call. */
  | { does: 'answer'; status: number; afterMs: number }
  | { does: 'answer'; grpc: number; afterMs: number }
  /** It is held for so long before the upstream gets it. */
  | { does: 'hold'; time: Law }
  /** The upstream never answers it. */
  | { does: 'hang' }
  /** Its connection ends when it should be answered. */
  | { does: 'reset' }
  /** No connection comes about: it is refused at once. `isPartly`: only for a part of the phase. */
  | { does: 'refuse'; isPartly?: true }
  /** No connection comes about until connect_timeout is over. */
  | { does: 'strand' }
  /** The upstream works on it so many times as long. */
  | { does: 'slow'; factor: number }
  /** Its answer breaks off. */
  | { does: 'break' }
  /** The headers of its answer come as ever, and the whole of its body so much later. */
  | { does: 'trickle'; ms(bodyBytes: number): number }
