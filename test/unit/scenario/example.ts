/** The example of DESIGN.md, section 4, and a shorter scenario to build variants from. */
export const EXAMPLE = `# yaml-language-server: $schema=../schema/scenario.schema.json
name: retries stay inside their budget during a brownout
seed: 7                          # every random draw of ours comes from it; printed in each report

upstreams:
  inventory:
    replicas: 2
    workers: 4                   # requests served at once per replica, the rest queue; left out: no limit
    latency: 20ms                # or { p50: 20ms, p99: 90ms } (log-normal), or exponential, or samples from a file
    respond: { status: 200, json: { stock: 3 } }

envoy:                           # Envoy's own names and spelling; or config: ./envoy.yaml to test your own file
  clusters:
    inventory:
      connect_timeout: 250ms
      circuit_breakers: { max_connections: 64, max_pending_requests: 32, max_requests: 64, max_retries: 16 }
  routes:
    - match: { prefix: / }
      cluster: inventory
      timeout: 1s
      retry_policy: { retry_on: [5xx, reset], num_retries: 2, per_try_timeout: 300ms }

load:
  rate: 200/s                    # open loop: arrivals do not wait for answers. Or connections: 20 (closed loop)
  deadline: 1s                   # an answer after this is not a success
  requests:
    - { GET: /items/42, weight: 9 }
    - { GET: /items/42, headers: { x-user: jason } }

phases:
  - { name: baseline, for: 10s }
  - { name: brownout, for: 10s, faults: [ { cluster: inventory, delay: 400ms, percent: 10 } ] }
  - { name: jason only, for: 5s, faults: [ { cluster: inventory, abort: 503, when: { header: { x-user: jason } } } ] }
  - { name: recovery, for: 5s }

expect:
  - { phase: baseline, success_rate: ">= 99%", p99: "<= 150ms" }
  - { phase: brownout, success_rate: ">= 99%", retry_amplification: "<= 1.2", breaker_rejections: 0 }   # 10 % + 1 % retried: 1.11
  - { phase: jason only, given: { fault: abort }, status: 503, attempts: 3 }                             # each request that met it
  - { phase: jason only, given: { fault: none }, success_rate: ">= 99%" }
  - { phase: recovery, recovers_within: 1s }
`

export const SMALL = `name: small
upstreams: { cart: { replicas: 2 }, stock: {} }
envoy:
  clusters: { cart: { circuit_breakers: { max_requests: 64 } } }
  routes:
    - { match: { prefix: /stock }, cluster: stock }
    - { match: { prefix: / }, cluster: cart, retry_policy: { retry_on: [5xx] } }
load:
  rate: 100/s
  requests:
    - { name: jason, GET: /cart, headers: { x-user: jason } }
    - { name: stock, GET: /stock }
phases:
  - { name: calm, for: 10s }
  - { name: storm, for: 10s, faults: [ { cluster: cart, abort: 503 } ] }
  - { name: after, for: 10s }
expect:
  - { phase: calm, success_rate: ">= 99%" }
`
