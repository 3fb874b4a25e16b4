import { fstatSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'

/**
 * A writer to a file descriptor, that is settled when the system has taken the whole text. A reader that is behind holds
 * up neither the program (as `process.stdout` does on a pipe) nor its end (as `fs.write` does: `process.exit` waits for it).
 * @throws the system's error: `EPIPE` or `ECONNRESET` when the reader is gone.
 */
export function writerTo(fd: number): (text: string) => Promise<void> {
  const kind = fstatSync(fd)
  // A file or a terminal: there is no reader to wait for.
  if (!kind.isFIFO() && !kind.isSocket()) return async (text) => writeFileSync(fd, text)

  const socket = new Socket({ fd, readable: false, writable: true })
  // The write that failed tells it; without a listener the event would be an uncaught error besides.
  socket.on('error', () => {})
  return (text) => new Promise((resolve, reject) => socket.write(text, (error) => (error ? reject(error) : resolve())))
}
