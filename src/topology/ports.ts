import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * Ports that the kernel finds free. They are all held at once, so that they differ, and given back just before they
 * are used; should another program take one in between, the start is tried again (see `process.ts`).
 */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers: Server[] = []
  try {
    for (let i = 0; i < count; i++) {
      const server = createServer()
      servers.push(server)
      server.listen({ host, port: 0, exclusive: true })
      await once(server, 'listening')
    }
    return servers.map((server) => (server.address() as { port: number }).port)
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}
