import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'

/*
 * `node rewire.ts CONFIG PORTS`: points clusters to other sockets than the hops and stubs, in Envoy's configuration file.
 * PORTS is JSON: the port by replica key, such as {"inventory/1": 12345}, or by the name of a stub's cluster: "stub/inventory/1".
 */
const [file, ports] = process.argv.slice(2) as [string, string]
const bootstrap = parse(readFileSync(file, 'utf8')) as Bootstrap
for (const [key, port] of Object.entries(JSON.parse(ports) as Record<string, number>)) {
  const [name, replica] = key.split('/') as [string, string]
  const find = (wanted: string) => bootstrap.static_resources.clusters.find((candidate) => candidate.name === wanted)
  // Behind a hop each stub is a cluster of its own.
  const [cluster, place] = find(key) === undefined ? [find(name), Number(replica)] : [find(key), 1]
  const endpoint = cluster?.load_assignment.endpoints[0]?.lb_endpoints[place - 1]
  if (!endpoint) throw new Error(`${file} has no replica ${key}`)
  endpoint.endpoint.address.socket_address.port_value = port
}
writeFileSync(file, JSON.stringify(bootstrap))
