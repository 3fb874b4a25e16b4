/**
 * What to add to `performance.now()` to get epoch ms. It is read at a tick of the wall clock, since `Date.now()` has whole
 * milliseconds only; `performance.timeOrigin` would be off by whatever the clock was corrected by since the process began.
 */
export function wallClockOffset(): number {
  const begun = Date.now()
  let now = begun
  while (now === begun) now = Date.now()
  return now - performance.now()
}
