import type { IncomingMessage, Server } from 'node:http'
import { FAULT_HEADER, type StubFault } from '../fault/stub-fault.ts'
import { createServer, validateHeaderName, validateHeaderValue } from '../node-http.ts'
import { isGrpc } from '../value/grpc-status.ts'
import { answer } from './answer.ts'
import { holdTimes, serviceTimes } from './behaviour.ts'
import { at, epochNow } from './clock.ts'
import type { Journal } from './journal.ts'
import { type Place, WorkQueue } from './queue.ts'
import type { JournalLine, ServerSpec } from './spec.ts'

/** The stub itself ends no connection, refuses no request and sets no time limit: what cuts a request short is the scenario's. */
const UNLIMITED = {
  noDelay: true,
  keepAliveTimeout: 0,
  headersTimeout: 0,
  requestTimeout: 0,
  requireHostHeader: false,
  // Envoy's default limit is 60 KiB, and it adds a few headers of its own.
  maxHeaderSize: 128 * 1024,
}

/**
 * The HTTP server of one replica, not listening yet.
 *
 * Service begins when the headers arrive; the body is read and dropped meanwhile, and is waited for if it comes in after
 * the service is done (the worker is free all the same). Work for a caller that hung up goes on to its end, but its line is
 * written at once, however long the queue. The answer has the scenario's headers and those of HTTP itself: `content-length`,
 * `date`, `connection`. A gRPC call is answered as such (`answer.ts`). A request that names a fault of this replica is answered as that says; its line is written when
 * nothing more will be sent, or when its caller hangs up.
 * @throws TypeError when a header of `spec.respond` could not be sent.
 */
export function replicaServer(spec: ServerSpec, journal: Journal): Server {
  for (const [name, value] of Object.entries(spec.respond.headers)) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  }
  const queue = new WorkQueue(spec.workers)
  const nextServiceMs = serviceTimes(spec)
  const nextHoldMs = holdTimes(spec)
  // What is held gets into the line when it should, not when its timer fires; but never before what is there.
  let latest = 0

  return createServer(UNLIMITED, (request, response) => {
    const arrived = epochNow()
    const fault = faultOf(spec, request)
    const heldMs = fault === undefined ? 0 : nextHoldMs(fault.id)
    const factor = fault?.behaviour.kind === 'slow' ? fault.behaviour.factor : 1
    journal.begin()

    let place: Place | undefined
    let served = false
    let begun = false
    let finished = false
    let answered: number | null = null
    let gone: number | null = null
    let whole = arrived
    const finish = () => {
      if (finished) return
      finished = true
      // It may be gone before it got into the line: it was held until then.
      const heldUntil = place === undefined ? (gone ?? arrived) : arrived + heldMs
      const course = place ?? { startedMs: heldUntil, dueMs: heldUntil, busy: 0, queued: 0 }
      const line = journalLine(spec, request, { arrived, ...course, dueMs: Math.max(course.dueMs, whole), answered, gone })
      journal.finish({ ...line, ...(fault && { fault: fault.id }), ...(heldMs > 0 && { held: micros(heldUntil - arrived) }) })
    }
    const answerWhenDone = () => {
      if (begun || finished || !served || !request.readableEnded) return
      begun = true
      const onBegun = () => {
        answered = epochNow()
      }
      answer(response, spec, fault?.behaviour, isGrpc(request.headers['content-type']), onBegun, finish)
    }

    const lineUp = () => {
      if (gone !== null) return
      latest = Math.max(latest, arrived + heldMs)
      place = queue.arrive(latest, nextServiceMs() * factor)
      at(place.dueMs, () => {
        served = true
        answerWhenDone()
      })
    }
    if (heldMs > 0) at(arrived + heldMs, lineUp)
    else lineUp()
    request
      .once('end', () => {
        // Without a body a late end is the stub's own lag.
        if (Number(request.headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in request.headers) whole = epochNow()
        answerWhenDone()
      })
      .resume()
    // After a full answer `close` comes too; by then the line has been written.
    response.once('close', () => {
      gone = epochNow()
      finish()
    })
  })
}

/** The fault that a request names, if it is one of this replica's. */
function faultOf({ faults = {} }: ServerSpec, request: IncomingMessage): { id: string; behaviour: StubFault } | undefined {
  const id = header(request, FAULT_HEADER)
  const behaviour = id !== null && Object.hasOwn(faults, id) ? faults[id] : undefined
  return id === null || behaviour === undefined ? undefined : { id, behaviour }
}

type Course = Pick<JournalLine, 'arrived' | 'answered' | 'gone' | 'busy' | 'queued'> & { startedMs: number; dueMs: number }

function journalLine(spec: ServerSpec, request: IncomingMessage, course: Course): JournalLine {
  return {
    call: header(request, 'x-chaos-call'),
    id: header(request, 'x-request-id'),
    attempt: wholeNumber(header(request, 'x-envoy-attempt-count')),
    cluster: spec.cluster,
    replica: spec.replica,
    method: request.method ?? '',
    path: request.url ?? '',
    arrived: micros(course.arrived),
    started: micros(course.startedMs),
    due: micros(course.dueMs),
    answered: course.answered === null ? null : micros(course.answered),
    gone: course.gone === null ? null : micros(course.gone),
    status: spec.respond.status,
    busy: course.busy,
    queued: course.queued,
  }
}

function header(request: IncomingMessage, name: string): string | null {
  return request.headers[name]?.toString() ?? null
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

/** Rounds ms to whole microseconds: a double holds an epoch time no finer than a quarter of one. */
function micros(timeMs: number): number {
  return Math.round(timeMs * 1000) / 1000
}
