import type { ServerResponse } from 'node:http'
import type { StubFault } from '../fault/stub-fault.ts'
import { GRPC } from '../value/grpc-status.ts'
import { RESET_HEADER, RESET_MARK } from './reset-mark.ts'
import { slowBody } from './slow-body.ts'
import type { ServerSpec } from './spec.ts'

/** A message of no bytes: not compressed, and of this length. */
const EMPTY_MESSAGE = Buffer.alloc(5)

/**
 * Answers a request whose work is done, as it is asked or as its fault makes it.
 * @param isGrpc - a call that goes well has a message, and says so behind it, in trailers; one that fails says so in its
 *   headers, and nothing more follows
 * @param onBegun - called when the answer has been handed to the kernel, or its beginning; not where none is sent that a caller gets
 * @param onOver - called when nothing more will be sent; not where that takes the caller to hang up
 */
export function answer(
  response: ServerResponse,
  { respond }: Pick<ServerSpec, 'respond'>,
  fault: StubFault | undefined,
  isGrpc: boolean,
  onBegun: () => void,
  onOver: () => void,
): void {
  if (fault?.kind === 'hang') return
  response.statusCode = respond.status
  // Not `writeHead`: with the headers still open, `end` knows the length of the body, and whether this answer may have one.
  for (const [name, value] of Object.entries(respond.headers)) response.setHeader(name, value)
  const whole = isGrpc && respond.status === 200 ? grpcAnswer(response, respond) : { body: Buffer.from(respond.body) }
  switch (fault?.kind) {
    case 'reset':
      // For the door alone, which resets the connection in its place.
      response.setHeader(RESET_HEADER, RESET_MARK)
      response.end()
      onOver()
      break
    case 'truncate':
      truncated(response, whole, fault.share, onBegun, onOver)
      break
    case 'slow_body':
      void slowly(response, whole, fault, onBegun, onOver)
      break
    default:
      if (whole.trailers !== undefined) withTrailers(response, whole.trailers)
      response.end(whole.body)
      onBegun()
      onOver()
  }
}

interface Whole {
  body: Buffer
  trailers?: Record<string, string>
}

function grpcAnswer(response: ServerResponse, { body, grpcStatus = GRPC.OK }: ServerSpec['respond']): Whole {
  response.setHeader('content-type', 'application/grpc')
  if (grpcStatus === GRPC.OK)
    return { body: body === '' ? EMPTY_MESSAGE : Buffer.from(body), trailers: { 'grpc-status': String(grpcStatus) } }
  response.setHeader('grpc-status', grpcStatus)
  return { body: Buffer.alloc(0) }
}

/** HTTP/1 has trailers only behind a body whose length is not told before. */
function withTrailers(response: ServerResponse, trailers: Record<string, string>): void {
  response.setHeader('trailer', Object.keys(trailers))
  response.addTrailers(trailers)
}

/** The beginning of the body, under the headers of the whole; then the connection ends in good order. */
function truncated(response: ServerResponse, { body }: Whole, share: number, onBegun: () => void, onOver: () => void): void {
  response.setHeader('content-length', body.length)
  response.flushHeaders()
  response.write(body.subarray(0, Math.min(Math.floor(body.length * share), body.length - 1)))
  onBegun()
  response.socket?.destroySoon()
  onOver()
}

async function slowly(
  response: ServerResponse,
  whole: Whole,
  fault: Extract<StubFault, { kind: 'slow_body' }>,
  onBegun: () => void,
  onOver: () => void,
): Promise<void> {
  const { body } = whole
  if (whole.trailers === undefined) response.setHeader('content-length', body.length)
  else withTrailers(response, whole.trailers)
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
