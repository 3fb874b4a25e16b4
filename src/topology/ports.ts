import { once } from 'node:events'
import { createServer } from 'node:net'

/** Thrown when a port was taken between its choice and its use: worth another try. */
export class PortTaken extends Error {
  /** Who wanted it, and the log that says which. */
  readonly by: string
  readonly log: string

  constructor(by: string, log: string) {
    super(`${by} found a port taken`)
    this.by = by
    this.log = log
  }
}

/**
 * Ports that the kernel finds free. They are all held at once, so that they differ, and given back just before they
 * are used; should another program take one in between, the start is tried again (see `stub-and-envoy.ts`).
 */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  try {
    await Promise.all(
      servers.map((server) => {
        server.listen({ host, port: 0, exclusive: true })
        return once(server, 'listening')
      }),
    )
    return servers.map((server) => (server.address() as { port: number }).port)
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}
