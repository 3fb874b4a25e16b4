import type { Route } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'

type Cluster = Scenario['envoy']['clusters'][string]

/** What a fragment says of a cluster and of the route to it, under the scenario's names, which are Envoy's. */
export interface Settings {
  cluster: string
  circuit_breakers?: Cluster['circuit_breakers']
  outlier_detection?: Cluster['outlier_detection']
  timeout?: Route['timeout']
  retry_policy?: Route['retry_policy']
}

/** What is said above a key, by its name in the fragment. */
export type Comments = Readonly<Record<string, string>>
