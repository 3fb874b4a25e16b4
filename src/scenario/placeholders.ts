/** `${clusters.inventory.url}`: what is known only when everything else has started. `$${` stands for `${` itself. */
const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}?/g

/** The names in `${…}`, in order. */
export function placeholdersOf(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name]) => (name === undefined ? [] : [name]))
}

/** @param meaningOf - what a name stands for */
export function fillIn(text: string, meaningOf: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (_, name?: string) => (name === undefined ? '${' : meaningOf(name)))
}

/** The Node that chaos runs on, for an app that needs one as new. */
export const OWN_NODE = 'chaos.node'

/** All names that a scenario with these upstreams may use; a container has programs of its own. */
export function knownPlaceholders(upstreams: Readonly<Record<string, unknown>>, inContainer: boolean): string[] {
  const places = ['envoy', ...Object.keys(upstreams).map((name) => `clusters.${name}`)]
  const addresses = places.flatMap((place) => ['url', 'host', 'port'].map((part) => `${place}.${part}`))
  return ['app.port', ...addresses, ...(inContainer ? [] : [OWN_NODE])]
}
