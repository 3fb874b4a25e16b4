import { unreachable } from '../errors.ts'
import { exponential, logNormal, pick, type Random, random } from '../random.ts'
import type { Latency, ServerSpec } from './spec.ts'

/** The service time of one request, in ms: one draw from `latency`. */
export function drawServiceMs(latency: Latency, rng: Random): number {
  switch (latency.kind) {
    case 'fixed':
      return latency.ms
    case 'exponential':
      return exponential(rng, latency.mean)
    case 'log-normal':
      return logNormal(rng, latency.p50, latency.p99)
    case 'samples':
      return pick(rng, latency.ms)
    default:
      return unreachable(latency)
  }
}

/** The service times of a replica, in ms: call i is the i-th request to arrive, and gets the i-th draw of the replica's seed. */
export function serviceTimes(spec: Pick<ServerSpec, 'latency' | 'seed'>): () => number {
  const rng = random(spec.seed)
  return () => drawServiceMs(spec.latency, rng)
}
