import { describe, expect, test } from 'vitest'
import { ClientLines, readClientLines } from '../../../src/evidence/client-lines.ts'
import { ClientLog } from '../../../src/load/client-log.ts'
import type { PlannedLoad } from '../../../src/plan/plan.ts'

const LOAD: PlannedLoad = {
  kind: 'open',
  due: Float64Array.of(0, 10, 20, 30),
  request: Uint16Array.of(0, 1, 0, 1),
  deadline: 1000,
  target: undefined,
}
const answer = (body: string) => ({
  headers: { 'content-type': 'text/plain', 'x-echo': body },
  begun: Buffer.from(body),
  bytes: body.length,
  broken: false,
})

/** Four requests; the third has no answer, the last ends before the one before it. */
function written(hide = (text: string) => text): { log: ClientLog; lines: string[] } {
  const log = new ClientLog(1_700_000_000_000.1233, 4)
  const writer = new ClientLines(log, hide)
  const lines = [writer.start()]
  for (let i = 0; i < 4; i++) log.begin(LOAD.kind === 'open' ? (LOAD.due[i] as number) : 0, i % 2, i * 10 + 0.25)
  const end = (i: number, at: number, status: number, error: string | null, body: string | null) => {
    log.finish(i, at, { status, error, received: body === null ? null : answer(body), grpcStatus: i === 1 ? 14 : null })
    lines.push(...writer.ended(i).split('\n'))
  }
  end(0, 5.5, 200, null, 'one')
  end(1, 15.125, 503, null, 'two')
  end(3, 35, 200, null, 'one')
  end(2, 40, 0, 'the "line" broke', null)
  log.close(0)
  return { log, lines }
}

const read = (lines: readonly string[], load = LOAD) => readClientLines(lines, load)

describe('the record of the client', () => {
  test('is read back as it was, whatever the order in which requests ended', () => {
    const { log, lines } = written()
    const { client, lines: count } = read(lines) ?? expect.fail()
    expect(count).toBe(4)
    // To a microsecond.
    expect(client.startedAt).toBe(1_700_000_000_000.123)
    for (const column of ['due', 'request', 'status', 'count', 'errors'] as const) expect(client[column]).toEqual(log[column])
    expect([0, 1, 2, 3].map((i) => client.grpcStatusOf(i))).toEqual([null, 14, null, null])
    const times = (of: ClientLog) => [0, 1, 2, 3].map((i) => [of.sentAt(i), of.endAt(i)])
    expect(times(client)).toEqual(times(log))
    const said = ({ answers }: ClientLog) =>
      [0, 1, 2, 3].map((i) => [answers.bodies[answers.bodyOf[i] as number], answers.headers[answers.headersOf[i] as number]])
    expect(said(client)).toEqual(said(log))
  })

  test('holds what answers say once: two bodies, two sets of headers, four requests and the start are nine lines', () => {
    expect(written().lines).toHaveLength(2 + 2 + 4 + 1)
  })

  test('holds no secret of what answers say', () => {
    const { lines } = written((text) => text.replaceAll('one', '***1'))
    expect(lines.join('\n')).not.toContain('one')
    const { client } = read(lines) ?? expect.fail()
    expect(client.answers.bodies[1]).toEqual({ text: '***1', bytes: 3, whole: true, hidden: true })
  })

  test('of a run that was killed ends with the last whole line', () => {
    const { lines } = written()
    const cut = [...lines.slice(0, -1), (lines.at(-1) as string).slice(0, 20)]
    const { client, lines: count } = read(cut) ?? expect.fail()
    expect(count).toBe(3)
    // The last but one in the order of sending was in flight: when it was due and what it was says the plan.
    expect([client.count, client.due[2], client.request[2], client.endAt(2)]).toEqual([4, 20, 0, Number.NaN])
    expect(client.errors.get(2)).toContain('killed')
  })

  test.each([[''], ['{"startedAt":'], ['{"i":0,"due":0}'], ['null']])('that begins with %j is none', (first) => {
    expect(read([first])).toBeNull()
  })

  test('takes no line for another that is none of its own', () => {
    const { lines } = written()
    const strange = ['[]', '1', '{"i":-1}', '{"i":1e15}', '{"i":"x"}', '{}', '{"n":5}']
    expect(read([...lines, ...strange])?.lines).toBe(4)
  })
})

test('of what hides a secret is said that it does', () => {
  const { lines } = written((text) => text.replaceAll('two', '***1'))
  const { client } = readClientLines(lines, LOAD) ?? expect.fail()
  expect(client.answers.bodies).toEqual([
    null,
    { text: 'one', bytes: 3, whole: true },
    { text: '***1', bytes: 3, whole: true, hidden: true },
  ])
  expect(client.answers.headers.map((each) => each && 'fields' in each && [each.fields['x-echo'], each.hidden])).toEqual([
    null,
    ['one', undefined],
    ['***1', true],
  ])
})
