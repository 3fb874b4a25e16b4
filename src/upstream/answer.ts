import type { ServerResponse } from 'node:http'
import type { StubFault } from '../fault/stub-fault.ts'
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
  response.end(respond.body)
  onBegun()
  onOver()
}
