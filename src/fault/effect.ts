import type { Law } from './law.ts'

/** What a fault does to a try that meets it. */
export type Effect =
  /** It is answered so in the upstream's place, at once. */
  | { does: 'answer'; status: number }
  /** It is held for so long before the upstream gets it. */
  | { does: 'hold'; time: Law }
  /** The upstream never answers it. */
  | { does: 'hang' }
  /** The upstream works on it so many times as long. */
  | { does: 'slow'; factor: number }
  /** Its answer breaks off. */
  | { does: 'break' }
  /** The headers of its answer come as ever, and the whole of its body so much later. */
  | { does: 'trickle'; ms(bodyBytes: number): number }
