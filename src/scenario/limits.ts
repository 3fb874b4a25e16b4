/** Bounds and defaults that a scenario is checked against; the later stages read them from here. */

/** How long an answer counts as success when `load.deadline` is left out. */
export const DEFAULT_DEADLINE_MS = 5_000

/** How much longer than the deadline the client waits before it gives up, so that a late answer is seen to be late. */
export const PATIENCE_MS = 5_000

/** Service time of a stub when `latency` is left out. */
export const DEFAULT_LATENCY_MS = 1

/** How long an app may take to be ready when `app.ready.within` is left out. */
export const DEFAULT_READY_WITHIN_MS = 10_000

/** How long a run of an app may take when `app.within` is left out. */
export const DEFAULT_RUN_WITHIN = '30s'

/** Envoy's own default of a route's `timeout`. */
export const DEFAULT_ROUTE_TIMEOUT_MS = 15_000

/** Envoy's own default of a cluster's `connect_timeout`. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 5_000

/** Envoy's own default of a connection manager's `stream_idle_timeout`, which holds where a route has no `idle_timeout`. */
export const DEFAULT_IDLE_TIMEOUT_MS = 300_000

/** So many faults of a scenario may choose their requests where an app stands between: the ids of a request have a mark for each. */
export const MOST_CHOOSING = 32

/** Each request leaves about 1 KB of evidence, in memory and on disk. */
export const MAX_REQUESTS = 5_000_000

export const MAX_DURATION_MS = 24 * 3_600_000

/** Of a scenario file. */
export const MAX_SCENARIO_BYTES = 1 << 20

/** Of a file of latency samples. */
export const MAX_SAMPLES_BYTES = 8 << 20
