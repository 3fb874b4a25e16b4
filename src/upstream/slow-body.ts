import { setTimeout as sleep } from 'node:timers/promises'

/** Between two pieces, in ms, where there are bytes enough. */
const PIECE_MS = 50

/**
 * A body in pieces that are spread evenly over `overMs`: the first goes at once, together with the headers of the request,
 * the last when that time is over.
 * @param bytes - at least two
 */
export async function* slowBody(bytes: Buffer, overMs: number): AsyncGenerator<Buffer> {
  const from = performance.now()
  const gaps = Math.min(bytes.length - 1, Math.max(1, Math.ceil(overMs / PIECE_MS)))
  const pieces = gaps + 1
  for (let piece = 0; piece < pieces; piece++) {
    const wait = from + (overMs * piece) / gaps - performance.now()
    // It keeps nothing alive: when an answer, or the end of the run, comes before the last piece, nobody waits for that.
    if (wait > 0) await sleep(wait, undefined, { ref: false })
    yield bytes.subarray(Math.floor((bytes.length * piece) / pieces), Math.floor((bytes.length * (piece + 1)) / pieces))
  }
}
