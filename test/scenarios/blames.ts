import { expect } from 'vitest'
import type { Results } from '../../src/report/results-schema.ts'

/**
 * The setting that the text of each broken twin must name, and no other: the one in which it differs. Those that are not here
 * differ in their app, or in a fault, which is no policy of Envoy's: nothing is to be blamed for those.
 */
export const BLAMES: Readonly<Record<string, string>> = {
  brownout: 'envoy.routes[0].timeout',
  'container-upstream': 'envoy.routes[0].retry_policy.num_retries',
  'fault-delay-drawn': 'envoy.routes[0].retry_policy.per_try_timeout',
  'fault-down': 'envoy.clusters.inventory.outlier_detection.max_ejection_percent',
  'fault-fails-late': 'envoy.routes[0].retry_policy.per_try_timeout',
  'fault-hang': 'envoy.routes[0].retry_policy.per_try_timeout',
  'fault-rate-limit': 'envoy.routes[0].timeout',
  'fault-refuse': 'envoy.routes[0].retry_policy.retry_on',
  'fault-reset': 'envoy.routes[0].retry_policy.retry_on',
  'fault-slow': 'envoy.clusters.inventory.circuit_breakers.max_requests',
  'fault-slow-body': 'envoy.routes[0].timeout',
  'fault-unreachable': 'envoy.clusters.inventory.connect_timeout',
  'grpc-retries-see-unavailable': 'envoy.routes[0].retry_policy.retry_on',
  'hedging-cuts-the-tail': 'envoy.routes[0].hedge_policy.hedge_on_per_try_timeout',
  'max-requests-leaves-no-worker-idle': 'envoy.clusters.inventory.circuit_breakers.max_requests',
  'max-requests-rejects-only-the-excess': 'envoy.clusters.inventory.circuit_breakers.max_requests',
  'outlier-ejects-the-sick-and-lets-them-back': 'envoy.clusters.inventory.outlier_detection.max_ejection_percent',
  'pending-fails-fast-connections-queue': 'envoy.clusters.fails-fast.circuit_breakers.max_pending_requests',
  quickstart: 'envoy.routes[0].retry_policy.num_retries',
  'ramp-finds-where-retries-end': 'envoy.routes[0].retry_policy.num_retries',
  'recovery-waits-for-the-ejections-to-end': 'envoy.clusters.inventory.outlier_detection.base_ejection_time',
  'retries-save-a-slow-minority': 'envoy.clusters.inventory.circuit_breakers.max_retries',
  'retries-save-from-either-error': 'envoy.routes[0].retry_policy.retriable_status_codes',
  'retry-storm-budget': 'envoy.clusters.inventory.circuit_breakers.retry_budget',
  'retry-storm-max-retries': 'envoy.clusters.inventory.circuit_breakers.max_retries',
  'route-timeout-sees-only-what-is-behind-the-router': 'envoy.routes[0].timeout',
  'timeout-connect': 'envoy.clusters.inventory.connect_timeout',
  'timeout-per-try': 'envoy.routes[0].retry_policy.per_try_timeout',
  'timeout-request': 'envoy.http_connection_manager.request_timeout',
  'timeout-route': 'envoy.routes[0].timeout',
}

/** Of a broken twin: its setting and no other one is blamed, and named at all; of a sound one none is. */
export function expectBlamed({ what_happened: sentences }: Results, setting: string | undefined): void {
  const wanted = setting === undefined ? [] : [setting]
  expect(sentences.flatMap((sentence) => sentence.setting ?? [])).toEqual(wanted)
  expect(placesIn(sentences)).toEqual(wanted)
}

/** Places of settings that sentences name, each once. */
const placesIn = (sentences: Results['what_happened']): string[] => [
  ...new Set(sentences.flatMap(({ text }) => text.match(/envoy\.[\w.[\]-]+/g) ?? [])),
]
