import { describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { EXAMPLE, SMALL } from './example.ts'

const noSamples = () => {
  throw new Error('no file was asked for')
}
const parse = (text: string, readSamples: (path: string) => string = noSamples) => parseScenario(text, 'here.yaml', readSamples)

function problemsOf(text: string): string[] {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof ChaosError && error.kind === 'badInput')
      return error.problems.map(({ line, col, message }) => `${line}:${col}: ${message}`)
    throw error
  }
  return []
}

describe('a sound scenario', () => {
  test("the design's example is read, its units converted and its defaults filled in", () => {
    const scenario = parse(EXAMPLE)
    expect(scenario).toMatchObject({
      seed: 7,
      upstreams: { inventory: { replicas: 2, workers: 4, latency: 20, respond: { status: 200, headers: {}, json: { stock: 3 } } } },
      envoy: { routes: [{ timeout: 1000, retry_policy: { num_retries: 2, per_try_timeout: 300 } }] },
      load: { rate: 200, deadline: 1000, requests: [{ weight: 9 }, { weight: 1, headers: { 'x-user': 'jason' } }] },
      phases: [{ for: 10_000, faults: [] }, { faults: [{ delay: 400, percent: 10, at: 'upstream' }] }, { faults: [{ percent: 100 }] }, {}],
    })
    expect(scenario.expect[0]).toMatchObject({ success_rate: { source: '>= 99%', op: '>=', value: 0.99 }, p99: { value: 150 } })
    expect(scenario.expect[4]).toMatchObject({ recovers_within: { source: '1s', op: '<=', value: 1000 } })
    expect(scenario.file).toBe('here.yaml')
  })

  test.each([
    [['seed'], { line: 3, col: 7 }],
    [['phases', 1, 'faults', 0, 'percent'], { line: 32, col: 88 }],
    [['upstreams', 'inventory'], { line: 6, col: 3 }],
    [['expect', 3], { line: 40, col: 5 }],
    [['upstreams', 'inventory', 'nowhere', 'at', 'all'], { line: 6, col: 3 }],
    [['load', 'requests', 1, 'headers', 'X-User'], { line: 28, col: 44 }],
    [[], { line: 2, col: 1 }],
  ] as const)('locate(%j) is %j', (path, place) => expect(parse(EXAMPLE).locate(path)).toEqual(place))

  test('an alias repeats what its anchor holds, and is located there', () => {
    const scenario = parse(SMALL.replace('{ replicas: 2 }, stock: {}', '&server { replicas: 2 }, stock: *server'))
    expect(scenario.upstreams.stock?.replicas).toBe(2)
    expect(scenario.locate(['upstreams', 'stock', 'replicas'])).toEqual({ line: 2, col: 40 })
  })

  test('a byte order mark and Windows line ends change nothing', () => {
    const scenario = parse(`\ufeff${SMALL.replaceAll('\n', '\r\n')}`)
    expect(scenario.locate(['load', 'rate'])).toEqual({ line: 9, col: 9 })
    expect(scenario.name).toBe('small')
  })

  test('header names come out in lower case, values as text', () => {
    const scenario = parse(SMALL.replace('{ x-user: jason }', '{ X-User: jason, x-n: 5, x-b: true }'))
    expect(scenario.load.requests?.[0]?.headers).toEqual({ 'x-user': 'jason', 'x-n': '5', 'x-b': 'true' })
  })

  test('samples are read from their file, in ms', () => {
    const scenario = parse(SMALL.replace('stock: {}', 'stock: { latency: { samples: ./s.txt } }'), (path) =>
      path === './s.txt' ? '# ms\n1\n2.5\n' : '',
    )
    expect(scenario.samples).toEqual({ stock: [1, 2.5] })
  })
})

describe('names that every JavaScript object has', () => {
  test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'])('%s is refused as an upstream', (name) => {
    expect(problemsOf(SMALL.replace('stock: {}', `stock: {}, ${name}: {}`))).toHaveLength(1)
  })

  test.each(['constructor', 'toString', '__proto__'])('%s is an unknown cluster like any other', (name) => {
    expect(problemsOf(SMALL.replace('cluster: cart, abort', `cluster: ${name}, abort`))).toEqual([
      `15:51: phases[1].faults[0].cluster: unknown cluster "${name}"`,
    ])
  })

  test.each(['constructor', '__proto__'])('%s is refused as a header', (name) => {
    expect(problemsOf(SMALL.replace('x-user: jason', `${name}: jason`))).toHaveLength(1)
  })

  test.each(['constructor', '__proto__', 'toString'])('%s is a phase and a request like any other', (name) => {
    const scenario = parse(SMALL.replaceAll('calm', name).replaceAll('name: stock', `name: ${name}`))
    expect(scenario.phases[0]?.name).toBe(name)
    expect(scenario.load.requests?.[1]?.name).toBe(name)
  })

  test.each(['constructor', 'toString', '__proto__'])('%s is an unknown key like any other', (name) => {
    expect(problemsOf(SMALL.replace('rate: 100/s', `rate: 100/s\n  ${name}: 1`))).toHaveLength(1)
  })

  test('no prototype is touched', () => {
    problemsOf('__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('problems', () => {
  test('all of a file come at once, in the order of the text', () => {
    const text = SMALL.replace('100/s', '100')
      .replace('abort: 503', 'abrt: 503')
      .replace('phase: calm', 'phase: clam')
      .replace('replicas: 2', 'replicas: 99')
    expect(problemsOf(text)).toEqual([
      '2:32: upstreams.cart.replicas: expected a whole number from 1 to 20, got 99',
      '9:9: load.rate: expected a rate such as 200/s, got 100 without its unit (write 100/s)',
      '15:57: phases[1].faults[0]: unknown key "abrt"',
      '18:14: expect[0].phase: unknown phase "clam"',
    ])
  })

  test('one mistake is one problem: a misspelt key does not also miss the right one', () => {
    expect(problemsOf(SMALL.replace('rate:', 'rat:'))).toEqual(['9:3: load: unknown key "rat"'])
  })

  test.each([
    ['stock: {}', 'stock:', 'write {} for one that has its defaults only'],
    ['stock: {}', 'stock: { respond: }', 'write {} for one that has its defaults only'],
    ['{ max_requests: 64 }', '', 'write {} for one that has its defaults only'],
    ['GET: /stock', 'GET: /stock, weight: 30%', 'write the plain number: 30'],
    ['replicas: 2', 'replicas: "2"', 'write the plain number: 2'],
    ['abort: 503', 'abort: { grpc_status: unavailble }', 'did you mean UNAVAILABLE?'],
    ['abort: 503', 'rate_limit: 64', 'write rate_limit: { limit_kbps: 64 }'],
    ['abort: 503', 'rate_limit: {}', 'KiB a second, as Envoy counts them. For example: limit_kbps: 64'],
    ['abort: 503', 'truncate: 50', 'did you mean 50%?'],
    ['load:\n  rate: 100/s', 'load:\n  arrivals:', undefined],
  ])('%s written as %s has the hint: %s', (from, to, hint) => {
    try {
      parse(SMALL.replace(from, to))
    } catch (error) {
      expect((error as ChaosError).problems.map((problem) => problem.hint)).toContain(hint)
      return
    }
    throw new Error('it was accepted')
  })

  test('more than a screenful is counted, not listed', () => {
    const many = Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join('\n')
    expect(() => parse(many)).toThrow(
      expect.objectContaining({ message: 'here.yaml has 505 problems', hint: '455 further problems not shown' }),
    )
  })

  test('a mistake that an alias repeats is told once', () => {
    const text = SMALL.replace('{ replicas: 2 }, stock: {}', '&server { replicas: .nan }, stock: *server')
    expect(problemsOf(text)).toEqual(['2:40: expected a finite number, got .nan'])
  })

  test('what the reader of samples throws stands at the key; a bug of ours is not dressed up', () => {
    const text = SMALL.replace('stock: {}', 'stock: { latency: { samples: ./s.txt } }')
    const missing = () => {
      throw new ChaosError('badInput', 'it does not exist', { hint: 'make it' })
    }
    expect(() => parse(text, missing)).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ line: 2, message: 'upstreams.stock.latency.samples: it does not exist', hint: 'make it' })],
      }),
    )
    expect(() => parse(text, noSamples)).toThrow('no file was asked for')
  })
})
