import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RequestRecord } from '../../../src/observe/record.ts'
import { EVENTS, given } from '../../../src/scenario/given-schema.ts'
import { TIMEOUTS } from '../../../src/scenario/timeouts.ts'
import { select } from '../../../src/verdict/select.ts'
import { attempt, egress, good, hop, many, outcome, world } from './records.ts'

/** One request to which nothing happened, and one for each thing that may happen to one. */
const of = good
const REQUESTS: Record<string, RequestRecord> = {
  nothing: good(),
  abort: of({ attempts: [attempt({ hop: hop(['f0']) })] }),
  delay: of({ attempts: [attempt({ hop: hop(['f1']) })] }),
  ingress: of({ ingressFaults: ['f0'] }),
  'timeout route': of({ egress: egress({ cutBy: 'route' }) }),
  'timeout per_try': of({ attempts: [attempt({ cutBy: 'per_try' }), attempt({ n: 2 })] }),
  'timeout connect': of({ attempts: [attempt({ cutBy: 'connect' })] }),
  max_requests: of({ egress: egress({ rejectedBy: 'max_requests' }), attempts: [] }),
  max_pending_requests: of({ egress: egress({ rejectedBy: 'max_pending_requests' }), attempts: [] }),
  retried: of({ attempts: [attempt(), attempt({ n: 2 })] }),
  suppressed: of({ egress: egress({ retrySuppressedBy: 'max_retries' }) }),
  'out of budget': of({ egress: egress({ retrySuppressedBy: 'retry_budget' }) }),
  'with a host out': of({ egress: egress({ start: 500 }) }),
}
const names = Object.keys(REQUESTS)
const EJECTIONS = [{ cluster: 'inventory', from: 400, to: 600 }]
const FAULTS = [{ action: { kind: 'abort', value: 503 } as const }, { action: { kind: 'delay', value: 100 } as const }]

/** The names of the requests that it selects. */
function chosen(asked: object, records = Object.values(REQUESTS)): string[] {
  const { plan, observations } = world({ expect: [], records, faults: FAULTS, phases: [{ name: 'p', faults: [0, 1] }] })
  const ids = new Set(
    Array.from(select({ given: given.parse(asked) }, plan, { ...observations, ejections: EJECTIONS }, false).records, ({ id }) => id),
  )
  return names.filter((name) => ids.has(REQUESTS[name]?.id as string))
}

test.each<[asked: object, names: string[]]>([
  [{ fault: 'abort' }, ['abort', 'ingress']],
  [{ fault: 'delay' }, ['delay']],
  [{ fault: 'any' }, ['abort', 'delay', 'ingress']],
  [{ timeout: 'route' }, ['timeout route']],
  [{ timeout: 'per_try' }, ['timeout per_try']],
  [{ timeout: 'connect' }, ['timeout connect']],
  [{ timeout: 'idle' }, []],
  [{ timeout: 'any' }, ['timeout route', 'timeout per_try', 'timeout connect']],
  [{ rejection: 'max_requests' }, ['max_requests']],
  [{ rejection: 'max_pending_requests' }, ['max_pending_requests']],
  [{ rejection: 'any' }, ['max_requests', 'max_pending_requests']],
  [{ retried: true }, ['timeout per_try', 'retried']],
  [{ suppressed: 'max_retries' }, ['suppressed']],
  [{ suppressed: 'retry_budget' }, ['out of budget']],
  [{ suppressed: 'any' }, ['suppressed', 'out of budget']],
  [{ ejection: 'any' }, ['with a host out']],
  [{ attempts: 2 }, ['timeout per_try', 'retried']],
  [{ none: true }, ['nothing']],
  [{ timeout: 'per_try', retried: true }, ['timeout per_try']],
  [{ timeout: 'none', retried: true }, ['retried']],
  [{ timeout: 'per_try', retried: false }, []],
  [{ fault: 'any', timeout: 'any' }, []],
])('%j selects %j', (asked, expected) => expect(chosen(asked)).toEqual(expected))

test.each([...EVENTS])('%s: what has it and what has it not are all requests, and no request is both', (event) => {
  const [has, hasNot] = event === 'retried' ? [true, false] : ['any', 'none']
  expect([...chosen({ [event]: has }), ...chosen({ [event]: hasNot })].sort()).toEqual([...names].sort())
})

test('every limit of time can be asked for', () => {
  for (const by of TIMEOUTS) expect(() => given.parse({ timeout: by })).not.toThrow()
})

test.each([
  { start: 300, durationMs: 50, selects: ['none'] },
  { start: 300, durationMs: 95, selects: [] },
  { start: 300, durationMs: 150, selects: [] },
  { start: 405, durationMs: 20, selects: [] },
  { start: 410, durationMs: 20, selects: ['any'] },
  { start: 590, durationMs: 100, selects: ['any'] },
  { start: 595, durationMs: 100, selects: [] },
  { start: 611, durationMs: 100, selects: ['none'] },
])(
  'a host out from 400 to 600 ms, a call from $start for $durationMs ms: $selects, and near the edges nobody knows',
  ({ start, durationMs, selects }) => {
    const records = [good({ egress: egress({ start, durationMs }) })]
    const { plan, observations } = world({ expect: [], records })
    const selected = (ejection: 'any' | 'none') =>
      select({ given: { ejection } }, plan, { ...observations, ejections: EJECTIONS }, false).records.length
    expect((['any', 'none'] as const).filter((each) => selected(each) === 1)).toEqual(selects)
  },
)

test('a host of another cluster that is out is none of its', () => {
  const records = [good({ egress: egress({ cluster: 'stock', start: 500 }) })]
  const { plan, observations } = world({ expect: [], records })
  expect(select({ given: { ejection: 'any' } }, plan, { ...observations, ejections: EJECTIONS }, false).records.length).toBe(0)
})

test('paths are compared without their query', () => {
  const requests = ['/items/42?x=1', '/items/7', '/cart'].map((path) => ({ path, name: path }))
  const records = requests.map((_, request) => good({ request }))
  const { plan, observations } = world({ expect: [], records, requests })
  const paths = (path: unknown) =>
    Array.from(select({ given: given.parse({ path }) }, plan, observations, false).records, ({ request }) => requests[request]?.path)
  expect(paths('/items/42')).toEqual(['/items/42?x=1'])
  expect(paths({ prefix: '/items' })).toEqual(['/items/42?x=1', '/items/7'])
  expect(paths({ matches: '^/items/\\d$' })).toEqual(['/items/7'])
  expect(paths({ matches: 'x=1' })).toEqual([])
})

test('no selected request is no data, and no pass', () => {
  for (const asked of [{ timeout: 'any' }, { rejection: 'any' }, { retried: true }, { suppressed: 'any' }, { ejection: 'any' }])
    expect(outcome({ given: asked, status: 200 }, many(50, good))).toMatchObject({ status: 'inconclusive', samples: 0 })
})

test('what happened to a request that nobody could join is not known: no claim on it passes or fails', () => {
  const beside = many(20, good, { joined: false, calls: [] })
  for (const event of EVENTS)
    for (const asked of event === 'retried' ? [true, false] : ['any', 'none']) {
      const found = outcome({ given: { [event]: asked }, status: 200 }, [...many(20, good), ...beside])
      expect([event, asked, found.status]).toEqual([event, asked, 'inconclusive'])
      if (found.samples > 0) expect(found.why).toContain('x-request-id')
    }
  expect(outcome({ given: { path: '/' }, status: 200 }, beside).status).toBe('pass')
})

test('a request of which a try fell into the next phase says nothing of what happens with the faults of its own', () => {
  const late = good({ due: 990, attempts: [attempt({ start: 990, cutBy: 'per_try' }), attempt({ n: 2, start: 1100 })] })
  const early = good({ due: 100, attempts: [attempt({ start: 100, cutBy: 'per_try' }), attempt({ n: 2, start: 300 })] })
  const { plan, observations } = world({ expect: [], records: [early, late] })
  expect(Array.from(select({ given: { timeout: 'per_try' } }, plan, observations, false).records, ({ id }) => id)).toEqual([early.id])
})

test('more conditions never select more', () => {
  const event = (key: string) => fc.record({ key: fc.constant(key), value: fc.constantFrom('any', 'none') })
  const asked = fc.uniqueArray(fc.oneof(...EVENTS.filter((each) => each !== 'retried').map(event)), {
    selector: ({ key }) => key,
    minLength: 1,
  })
  fc.assert(
    fc.property(asked, (conditions) => {
      const all = chosen(Object.fromEntries(conditions.map(({ key, value }) => [key, value])))
      for (const { key, value } of conditions) expect(chosen({ [key]: value })).toEqual(expect.arrayContaining(all))
    }),
  )
})
