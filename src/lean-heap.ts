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

/**
 * Collects all garbage now, and gives the pages that are free back to the system, which V8 by itself keeps for its next
 * objects: up to 90 MB of them (`pooled` in --trace-gc). A stage that is over leaves much behind, and the next one would grow
 * beside it.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  // A V8 that does not know of flavours collects, and keeps the pages.
  runInNewContext('gc')({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  setFlagsFromString('--no-expose-gc')
}

/** It takes some 20 ms. */
const COLLECT_EVERY_MS = 500
let due: number | undefined

/** To be called often by what goes on for long: collects now and then, and never where it does not go on for so long. */
export function collectNowAndThen(): void {
  const now = performance.now()
  due ??= now + COLLECT_EVERY_MS
  if (now < due) return
  collectGarbage()
  due = performance.now() + COLLECT_EVERY_MS
}

/** From here on the code of functions stays that were not called for some collections. */
export const keepCompiledCode = (): void => setFlagsFromString('--no-flush-bytecode')

/** As it is when Node starts. */
export function leaveHeapAlone(): void {
  setFlagsFromString('--flush-bytecode')
  setFlagsFromString('--heap-growing-percent=0')
  setFlagsFromString('--semi-space-growth-factor=2')
}
