/**
 * What the machine allows: sleeps until requests would be due, as the open loop does, and sends nothing. Prints the share of
 * them that it was awake for within 1 ms.
 */
const [rate, seconds] = process.argv.slice(3)
const NOTHING = new Int32Array(new SharedArrayBuffer(4))
const every = 1000 / Number(rate)
const total = Number(rate) * Number(seconds)
const zero = performance.now()
let inTime = 0
for (let next = 0; next < total; ) {
  const now = performance.now() - zero
  for (; next < total && next * every <= now; next++) if (now - next * every <= 1) inTime++
  const left = Math.max(next * every, now + 0.5) - (performance.now() - zero)
  if (left > 0) Atomics.wait(NOTHING, 0, 0, left)
}
process.stdout.write(JSON.stringify({ inTime: inTime / total }))
