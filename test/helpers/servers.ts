import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket, Server as SocketServer } from 'node:net'
import { afterEach } from 'vitest'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

export const closeAfterTest = (close: () => void) => void closing.push(close)

/** Listens on a free port of this machine until the test is over. @returns where it is reached */
export async function listen(server: Server | SocketServer): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  closeAfterTest(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const serve = (listener: RequestListener) => listen(createServer({ keepAliveTimeout: 0 }, listener))
