import { requestId, requestIndex } from '../load/client-log.ts'
import { Numbers } from '../numbers.ts'
import { ByteReader, ByteWriter, type Chunks, KeptChunks } from './bytes.ts'
import type { Attempt, Call, Egress, RequestRecord } from './record.ts'
import { MadeRecords, type Records } from './records.ts'
import { Shapes } from './shapes.ts'

type RecordShape = Omit<RequestRecord, 'id' | 'due' | 'sent' | 'end' | 'calls'>
type CallShape = Omit<Egress, 'start' | 'durationMs'> & Pick<Call, 'ingressFaults' | 'suits'>
type AttemptShape = Omit<Attempt, 'start' | 'durationMs' | 'poolMs' | 'hop' | 'sentOn' | 'stub'>
type HopShape = Omit<NonNullable<Attempt['hop']>, 'start' | 'durationMs'>
type Stub = NonNullable<Attempt['stub']>
type StubShape = { status: number; fault: string | null }

/** What is behind the hop, and what it saw of an attempt. */
const [NOT_SEEN, UNANSWERED, ANSWERED, NOT_SENT_ON, SENT_ON] = [0, 1, 2, 3, 4]

/**
 * Records in some fifty bytes each instead of the thousand and more that they take as objects: shapes once, times as
 * microseconds after the event before. A record is made anew each time it is asked for.
 */
export class PackedRecords {
  readonly #writer: ByteWriter
  readonly #reader: ByteReader
  readonly #records = new Shapes<RecordShape>()
  readonly #calls = new Shapes<CallShape>()
  readonly #attempts = new Shapes<AttemptShape>()
  readonly #hops = new Shapes<HopShape>()
  readonly #stubs = new Shapes<StubShape>()
  /** The first record of each chunk, and where in its chunk each record stands. */
  readonly #firsts: number[] = []
  readonly #places: Numbers<Uint32Array>

  /**
   * @param expected - how many there will be, where that is known
   * @param chunks - where they go
   */
  constructor(expected?: number, chunks: Chunks = new KeptChunks()) {
    this.#writer = new ByteWriter(chunks)
    this.#reader = new ByteReader(this.#writer)
    this.#places = new Numbers(Uint32Array, expected)
  }

  /** @param record - of the load: its id is one that `requestId` makes */
  push({ id, due, sent, end, calls, ...shape }: RequestRecord): void {
    const { chunk, at } = this.#writer.begin()
    if (chunk === this.#firsts.length) this.#firsts.push(this.#places.length)
    this.#places.push(at)
    const write = this.#writer
    const index = requestIndex(id)
    if (index < 0) throw new Error(`a record of the load has the id ${id}, which is none of its`)
    write.whole(index)
    write.whole(this.#records.numberOf(shape))
    write.time(due)
    write.time(sent - due)
    write.whole(end === null ? 0 : 1)
    if (end !== null) write.time(end - due)
    write.whole(calls.length)
    for (const call of calls) this.#pushCall(call, sent)
  }

  #pushCall({ egress: { start, durationMs, ...line }, attempts, ingressFaults, suits }: Call, sent: number): void {
    const write = this.#writer
    write.whole(this.#calls.numberOf({ ...line, ingressFaults, ...(suits === undefined ? {} : { suits }) }))
    write.time(start - sent)
    write.time(durationMs)
    write.whole(attempts.length)
    for (const attempt of attempts) this.#pushAttempt(attempt, start)
  }

  #pushAttempt({ start, durationMs, poolMs, hop, sentOn, stub, ...shape }: Attempt, from: number): void {
    const write = this.#writer
    write.whole(this.#attempts.numberOf(shape))
    write.time(start - from)
    write.time(durationMs)
    write.time(poolMs)
    if (hop === null) write.whole(0)
    else {
      const { start: at, durationMs: length, ...rest } = hop
      write.whole(1 + this.#hops.numberOf(rest))
      write.time(at - start)
      write.time(length)
    }
    if (stub !== null) this.#pushStub(stub, start)
    else if (sentOn === undefined) write.whole(NOT_SEEN)
    else if (sentOn === null) write.whole(NOT_SENT_ON)
    else {
      write.whole(SENT_ON)
      write.time(sentOn - start)
    }
  }

  #pushStub(stub: Stub, start: number): void {
    const write = this.#writer
    write.whole(stub.answered === null ? UNANSWERED : ANSWERED)
    write.time(stub.arrived - start)
    write.time(stub.started - stub.arrived)
    write.time(stub.due - stub.started)
    if (stub.answered !== null) write.time(stub.answered - stub.due)
    write.whole(this.#stubs.numberOf({ status: stub.status, fault: stub.fault ?? null }))
    if (stub.fault !== undefined) write.time(stub.held ?? 0)
    write.whole(stub.busy)
    write.whole(stub.queued)
  }

  /** All of them, in the order in which they came in. */
  get all(): Records {
    return new View(this, this.#places.length, null)
  }

  at(index: number): RequestRecord {
    const read = this.#reader
    read.seek(this.#chunkOf(index), this.#places.at(index))
    const id = requestId(read.whole())
    const shape = this.#records.at(read.whole())
    const due = read.time()
    const sent = due + read.time()
    const end = read.whole() === 0 ? null : due + read.time()
    const calls: Call[] = []
    for (let left = read.whole(); left > 0; left--) calls.push(this.#readCall(sent))
    return { id, due, sent, end, ...shape, calls }
  }

  #readCall(sent: number): Call {
    const read = this.#reader
    const { ingressFaults, suits, ...line } = this.#calls.at(read.whole())
    const start = sent + read.time()
    const durationMs = read.time()
    const attempts: Attempt[] = []
    for (let left = read.whole(); left > 0; left--) attempts.push(this.#readAttempt(start))
    return {
      egress: { ...line, start, durationMs },
      attempts,
      ingressFaults,
      ...(suits === undefined ? {} : { suits }),
    }
  }

  #readAttempt(from: number): Attempt {
    const read = this.#reader
    const shape = this.#attempts.at(read.whole())
    const start = from + read.time()
    const durationMs = read.time()
    const poolMs = read.time()
    const hop = read.whole()
    const atHop = hop === 0 ? null : { start: start + read.time(), durationMs: read.time(), ...this.#hops.at(hop - 1) }
    return { ...shape, start, durationMs, poolMs, hop: atHop, ...this.#readServer(start) }
  }

  #readServer(from: number): Pick<Attempt, 'sentOn' | 'stub'> {
    const kind = this.#reader.whole()
    if (kind === NOT_SEEN) return { stub: null }
    if (kind === NOT_SENT_ON) return { sentOn: null, stub: null }
    return kind === SENT_ON ? { sentOn: from + this.#reader.time(), stub: null } : { stub: this.#readStub(from, kind) }
  }

  #readStub(from: number, kind: number): Stub {
    const read = this.#reader
    const arrived = from + read.time()
    const started = arrived + read.time()
    const due = started + read.time()
    const answered = kind === UNANSWERED ? null : due + read.time()
    const { status, fault } = this.#stubs.at(read.whole())
    const held = fault === null ? 0 : read.time()
    const [busy, queued] = [read.whole(), read.whole()]
    return { arrived, started, due, answered, status, busy, queued, ...(fault === null ? {} : { fault }), ...(held === 0 ? {} : { held }) }
  }

  /** The last chunk that begins at or before the record. */
  #chunkOf(index: number): number {
    let [low, high] = [0, this.#firsts.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#firsts[middle] as number) <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Some of the packed records, by their places; all of them where none are given. */
class View extends MadeRecords {
  readonly #packed: PackedRecords
  readonly length: number
  readonly #places: Uint32Array | null

  constructor(packed: PackedRecords, length: number, places: Uint32Array | null) {
    super()
    this.#packed = packed
    this.length = length
    this.#places = places
  }

  #at(index: number): RequestRecord {
    return this.#packed.at(this.#places === null ? index : (this.#places[index] as number))
  }

  *[Symbol.iterator](): Generator<RequestRecord> {
    for (let i = 0; i < this.length; i++) yield this.#at(i)
  }

  filter(test: (record: RequestRecord) => boolean): Records {
    const places = new Numbers(Uint32Array)
    for (let i = 0; i < this.length; i++) if (test(this.#at(i))) places.push(this.#places?.[i] ?? i)
    return places.length === this.length ? this : new View(this.#packed, places.length, places.all)
  }

  slice(from: number, to: number): RequestRecord[] {
    return Array.from({ length: Math.max(0, Math.min(to, this.length) - from) }, (_, i) => this.#at(from + i))
  }
}
