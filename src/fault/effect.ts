/** What a fault does to a try that meets it. */
export type Effect =
  /** It is answered so in the upstream's place, at once. */
  | { does: 'answer'; status: number }
  /** It is held for so long, in ms, before the upstream gets it. */
  | { does: 'hold'; ms: number }
  /** The upstream never answers it. */
  | { does: 'hang' }
