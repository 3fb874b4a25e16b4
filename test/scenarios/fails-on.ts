import { expect } from 'vitest'

/** Why the app is to blame, in the words of the summary; not what differs from run to run. */
const says = (words: RegExp): string => expect.stringMatching(words)

/** The expectation that each broken twin must fail on, the one that the changed setting is about, and what is said of the cause. */
export const FAILS_ON: Record<string, { phase: string; metric: string; why?: string }> = {
  'abort-by-header-reaches-only-marked-requests': { phase: 'jason only', metric: 'success_rate' },
  'app-breaker-closes-again': {
    phase: 'recovery',
    metric: 'recovers_within',
    why: says(
      /; after the asked time \d+ × 503 from the app, which made no call; the last call of the app came [\d.]+m?s before the fault ended: something in it keeps it from calling, such as a circuit breaker of its own that stays open$/,
    ),
  },
  'app-does-not-wait-forever': {
    phase: 'hanging',
    metric: 'success_rate',
    why: says(/: \d+ × 200 after the deadline, since nothing cut its call to inventory before$/),
  },
  'app-fallback': { phase: 'down', metric: 'success_rate' },
  'app-fallback-says-so': {
    phase: 'flaky',
    metric: 'status',
    why: says(/: (\d+) × 200 \(a success\), in spite of 503 of inventory injected by flaky-1$/),
  },
  'app-gives-up-in-time': {
    phase: 'slow',
    metric: 'success_rate',
    why: says(/: \d+ × 200 after the deadline, since the app gave its call to inventory up only then$/),
  },
  'app-hands-headers-on': {
    phase: 'all',
    metric: 'body.path',
    why: says(
      /; the app does not hand on x-canary, which routes look for: the load sent it with (\d+) requests, and the calls made for them came to Envoy without it$/,
    ),
  },
  'app-hides-errors': { phase: 'flaky', metric: 'body.lacks' },
  'app-keeps-errors-to-itself': {
    phase: 'flaky',
    metric: 'body.lacks',
    why: says(
      /^expected body\.lacks "\/internal\/" of every answer, got among \d+ answers \d+ × ".*\/internal\/stock\/items\/42.*" \(502\)$/,
    ),
  },
  'app-leaks-no-stack-trace': { phase: 'flaky', metric: 'body.stack_trace' },
  'app-orders-once': {
    phase: 'sale',
    metric: 'attempts',
    why: says(
      /; for (\d+) requests the app called orders again after a call that had failed \(up to 2 calls each\); \1 × POST came to the upstream more than once$/,
    ),
  },
  'app-retries-in-one-place': {
    phase: 'down',
    metric: 'retry_amplification',
    why: says(
      /; for \d+ requests the app called inventory again after a call that had failed \(up to 3 calls each\), and Envoy tried each call up to 3 times: the tries of both multiply$/,
    ),
  },
  brownout: { phase: 'brownout', metric: 'success_rate' },
  'conditions-spare-the-canary': { phase: 'outage', metric: 'success_rate' },
  'container-app': { phase: 'down', metric: 'success_rate' },
  'container-upstream': { phase: 'sick', metric: 'success_rate' },
  'fault-asked-by-header': { phase: 'asked for', metric: 'success_rate' },
  'fault-down': { phase: 'one dies', metric: 'success_rate' },
  'fault-fails-late': { phase: 'failing late', metric: 'success_rate' },
  'fault-hang': { phase: 'some hang', metric: 'success_rate' },
  'exactly-so-many-faults': { phase: 'steady', metric: 'error_rate' },
  'fault-delay-drawn': { phase: 'jitter', metric: 'success_rate' },
  'fault-rate-limit': { phase: 'thin line', metric: 'success_rate' },
  'fault-refuse': { phase: 'half refuse', metric: 'success_rate' },
  'fault-reset': { phase: 'some are reset', metric: 'success_rate' },
  'fault-slow': { phase: 'slow', metric: 'p90' },
  'fault-slow-body': { phase: 'trickling', metric: 'timeouts.route' },
  'fault-truncate': { phase: 'broken off', metric: 'success_rate' },
  'fault-unreachable': { phase: 'half lost', metric: 'success_rate' },
  'grpc-retries-see-unavailable': {
    phase: 'one away',
    metric: 'success_rate',
    why: says(/: \d+ × UNAVAILABLE injected by one-away-1$/),
  },
  'hedging-cuts-the-tail': { phase: 'tail', metric: 'success_rate' },
  'max-requests-leaves-no-worker-idle': { phase: 'bursts', metric: 'spare_rejections' },
  'max-requests-rejects-only-the-excess': { phase: 'below the limit', metric: 'breaker_rejections' },
  'outlier-ejects-the-sick-and-lets-them-back': { phase: 'sick', metric: 'success_rate' },
  'pending-fails-fast-connections-queue': { phase: 'above capacity', metric: 'breaker_rejections.max_pending_requests' },
  quickstart: { phase: 'brownout', metric: 'success_rate' },
  'ramp-finds-where-retries-end': { phase: 'failing', metric: 'success_rate' },
  'recovery-waits-for-the-ejections-to-end': { phase: 'recovery', metric: 'recovers_within' },
  'retries-heal-the-first-try': { phase: 'stale', metric: 'success_rate' },
  'retries-save-a-slow-minority': { phase: 'slow minority', metric: 'success_rate' },
  'retries-save-from-either-error': { phase: 'mixed', metric: 'success_rate' },
  'retry-storm-budget': { phase: 'afterwards', metric: 'success_rate' },
  'retry-storm-max-retries': { phase: 'afterwards', metric: 'success_rate' },
  'route-timeout-sees-only-what-is-behind-the-router': { phase: 'behind the router', metric: 'status' },
  'timeout-connect': { phase: 'half reachable', metric: 'success_rate' },
  'timeout-per-try': { phase: 'one in five slow', metric: 'timeouts.per_try' },
  'timeout-request': { phase: 'all', metric: 'timeouts.request' },
  'timeout-route': { phase: 'slow', metric: 'timeouts.route' },
}
