import type { DoorFault } from '../fault/door-fault.ts'
import type { Law } from '../fault/law.ts'
import type { StubFault } from '../fault/stub-fault.ts'

/** How long one request is worked on, in ms; every draw comes from the server's own seed. */
export type Latency = Law | { kind: 'exponential'; mean: number } | { kind: 'samples'; ms: readonly number[] }

/** One replica of an upstream: a server with a FIFO queue in front of `workers` workers. */
export interface ServerSpec {
  cluster: string
  /** Counts from 1. */
  replica: number
  /** 0 lets the kernel choose. */
  port: number
  /** Requests worked on at once; the rest wait in line. Left out: no limit. */
  workers?: number
  /** It takes no connection at all: a socket with a full queue stands in its place. */
  unreachable?: true
  latency: Latency
  respond: {
    status: number
    headers: Readonly<Record<string, string>>
    body: string
    /** How a gRPC call ends; left out: well. Where `status` is not 200 it is answered with that, as any request is. */
    grpcStatus?: number
  }
  seed: number
  /** What it does to requests that name one of these ids in `x-chaos-fault`. Left out: nothing. */
  faults?: Readonly<Record<string, StubFault>>
  /** What Envoy's egress connects to, before the hop of this replica. Left out: the hop itself. */
  door?: DoorSpec
}

export interface DoorSpec {
  /** Where it listens; known when the run starts, as the next. */
  port: number
  /** The port of the hop, on the same host. */
  hop: number
  /** What closes it, by the ids of the faults. */
  faults: Readonly<Record<string, DoorFault>>
}

/** What the stub program is started with: one process may serve any number of replicas. */
export interface StubSpec {
  /** The address to listen on; 127.0.0.1 on a host. */
  host: string
  servers: readonly ServerSpec[]
  /** The port of the control server; left out: the kernel chooses. */
  control?: number
  /** The file that the journal goes to; left out: stdout. */
  journal?: string
}

/** What the stub says on stderr of a port that it cannot have. */
export const TAKEN = 'the port is taken'

/** The first line the stub prints on stdout. Ports in the order of `StubSpec.servers`. */
export interface StubReady {
  ready: { ports: readonly number[]; control: number }
}

/**
 * One line of the stub's journal: one request that arrived. Times are epoch milliseconds with fractions.
 * A request whose caller hung up is still worked on, as in most real servers; `gone` says when the caller left.
 */
export interface JournalLine {
  /** `x-chaos-call`: the id of the call that it belongs to; null where it did not come through Envoy's egress side. */
  call: string | null
  /** `x-request-id`, or null where the caller sent none. */
  id: string | null
  /** `x-envoy-attempt-count`, or null. */
  attempt: number | null
  cluster: string
  replica: number
  method: string
  path: string
  arrived: number
  /** When a worker took it up (after its wait in the queue, and after what a fault held it before). */
  started: number
  /** When it should have been finished: `started` plus the drawn service time, on the worker's ideal clock; or when its body was whole. */
  due: number
  /** When the answer was really written, or its beginning: later than `due` by the stub's own lag. Null where none was: the caller was gone before, or it hangs. */
  answered: number | null
  gone: number | null
  status: number
  /** Workers busy (this one included) and requests waiting, at arrival. */
  busy: number
  queued: number
  /** The id of the fault that it met here; left out where it met none. */
  fault?: string
  /** Ms for which that held it before it got into the line; left out where it did not. */
  held?: number
}
