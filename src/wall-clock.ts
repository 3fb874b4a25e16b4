/** Closer than this the offset need not be known: what is compared with it is in tenths of a ms. */
const ENOUGH_MS = 0.1
/** Readings; at about 0.1 µs each, they take a few ms where no tick comes, which no clock of ours has. */
const READINGS = 50_000

/**
 * What to add to `performance.now()` to get epoch ms, to ±0.1 ms where the machine lets us. `performance.timeOrigin` would
 * be off by whatever the clock was corrected by since the process began.
 *
 * `Date.now()` has whole milliseconds only, and a process may be made to wait between the readings of two clocks (by several
 * ms on a busy machine: once all times of a stub were 2 ms early). So each reading gives the bounds that hold whatever
 * happened in between, and the narrowest that all of them allow are kept; those about a tick are the ones that tell.
 */
export function wallClockOffset(steady = () => performance.now(), wall = () => Date.now()): number {
  let least = Number.NEGATIVE_INFINITY
  let most = Number.POSITIVE_INFINITY
  for (let left = READINGS; left > 0 && most - least > 2 * ENOUGH_MS; left--) {
    const before = steady()
    const ms = wall()
    const after = steady()
    const [low, high] = [ms - after, ms + 1 - before]
    // The wall clock was set meanwhile: what was read before holds no longer.
    const isSet = low > most || high < least
    least = isSet ? low : Math.max(least, low)
    most = isSet ? high : Math.min(most, high)
  }
  return (least + most) / 2
}
