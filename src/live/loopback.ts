import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ChaosError } from '../errors.ts'
import { createServer } from '../node-http.ts'

export const HOST = '127.0.0.1'

/**
 * A server that nobody but this machine reaches, and that keeps no run from ending.
 * @param port - 0: any that is free
 * @param flag - by which the user chose it
 * @throws ChaosError where it cannot be had
 */
export async function listenOnLoopback(port: number, flag: string): Promise<{ server: Server; port: number }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: HOST, port }, resolve)
  }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'something else listens there' : error.message
    throw new ChaosError('environment', `${flag} ${port} cannot be had: ${why}`, {
      hint: 'choose another port; 0 takes any that is free, and prints it',
      cause: error,
    })
  })
  server.unref()
  return { server, port: (server.address() as AddressInfo).port }
}

/** A page in a browser can have its own name lead here, and would read what it is not meant to. */
export const isOurName = (host: string | undefined, port: number) => host === `${HOST}:${port}` || host === `localhost:${port}`
