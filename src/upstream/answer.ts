import type { ServerResponse } from 'node:http'
import type { StubFault } from '../fault/stub-fault.ts'
import { slowBody } from './slow-body.ts'
import type { ServerSpec } from './spec.ts'

/**
 * Answers a request whose work is done, as it is asked or as its fault makes it.
 * @param onBegun - called when the answer has been handed to the kernel, or its beginning; not where none is sent
 * @param onOver - called when nothing more will be sent; not where that takes the caller to hang up
 */
export function answer(
  response: ServerResponse,
  { respond }: Pick<ServerSpec, 'respond'>,
  fault: StubFault | undefined,
  onBegun: () => void,
  onOver: () => void,
): void {
  if (fault?.kind === 'hang') return
  response.statusCode = respond.status
  // Not `writeHead`: with the headers still open, `end` knows the length of the body, and whether this answer may have one.
  for (const [name, value] of Object.entries(respond.headers)) response.setHeader(name, value)
  switch (fault?.kind) {
    case 'truncate':
      truncated(response, respond.body, fault.share, onBegun, onOver)
      break
    case 'slow_body':
      void slowly(response, respond.body, fault, onBegun, onOver)
      break
    default:
      response.end(respond.body)
      onBegun()
      onOver()
  }
}

/** The beginning of the body, under the headers of the whole; then the connection ends in good order. */
function truncated(response: ServerResponse, whole: string, share: number, onBegun: () => void, onOver: () => void): void {
  const body = Buffer.from(whole)
  response.setHeader('content-length', body.length)
  response.flushHeaders()
  response.write(body.subarray(0, Math.min(Math.floor(body.length * share), body.length - 1)))
  onBegun()
  response.socket?.destroySoon()
  onOver()
}

async function slowly(
  response: ServerResponse,
  whole: string,
  fault: Extract<StubFault, { kind: 'slow_body' }>,
  onBegun: () => void,
  onOver: () => void,
): Promise<void> {
  const body = Buffer.from(whole)
  response.setHeader('content-length', body.length)
  response.flushHeaders()
  onBegun()
  for await (const piece of slowBody(body, 'kbps' in fault ? (body.length / 1024 / fault.kbps) * 1000 : fault.overMs)) {
    // Its caller hung up: the line is written then.
    if (response.destroyed) return
    response.write(piece)
  }
  response.end()
  onOver()
}
