import { unreachable } from '../errors.ts'
import { deriveSeed, exponential, logNormal, pick, type Random, random } from '../random.ts'
import type { Latency, ServerSpec } from './spec.ts'

/** The service time of one request, or how long it is held, in ms: one draw from `latency`. */
export function drawServiceMs(latency: Latency, rng: Random): number {
  switch (latency.kind) {
    case 'fixed':
      return latency.ms
    case 'uniform':
      return latency.from + rng() * (latency.to - latency.from)
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

/** For how long each request that meets a delay is held, in ms: each fault of a replica has draws of its own. */
export function holdTimes(spec: Pick<ServerSpec, 'faults' | 'seed'>): (fault: string) => number {
  const draws = new Map<string, Random>()
  return (id) => {
    const fault = spec.faults?.[id]
    if (fault?.kind !== 'delay') return 0
    const rng = draws.get(id) ?? random(deriveSeed(spec.seed, 'fault', id))
    draws.set(id, rng)
    return drawServiceMs(fault.law, rng)
  }
}
