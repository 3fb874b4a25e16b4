/**
 * How much too short a delay may come out, in ms: Envoy arms its timer from when its event loop woke up, and on a busy
 * machine that was up to 7 ms before (test/integration/faults.test.ts). Of a short delay no more than half.
 */
export const shortBy = (ms: number) => Math.min(10, ms / 2)
