import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/*
 * V8 collects garbage late where memory is plenty: by itself a run of 10 minutes would take hundreds of megabytes more
 * than it needs. None of these is a limit: what is needed is had.
 */

/** From here on the old space is collected when it is half as large again as what was alive in it, not four times as large. */
export const keepOldSpaceLean = (): void => setFlagsFromString('--heap-growing-percent=50')

/** From here on the space for new objects stays as large as it is: where every line leaves some behind, it would grow to its limit. */
export const keepNewSpace = (): void => setFlagsFromString('--semi-space-growth-factor=1')

/** Collects all garbage now. A stage that is over leaves much behind, and the next one would grow beside it. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  setFlagsFromString('--no-expose-gc')
}

/** As it is when Node starts. */
export function leaveHeapAlone(): void {
  setFlagsFromString('--heap-growing-percent=0')
  setFlagsFromString('--semi-space-growth-factor=2')
}
