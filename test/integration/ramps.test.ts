import { beforeAll, describe, expect, test } from 'vitest'
import { predict } from '../../src/predict/predict.ts'
import { observeSpoilt, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** A step each 100 ms, and what two shared cores may keep one back. */
const LATE_STEP_MS = 150

describe('a percentage that moves through its phase', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { up: { replicas: 2 }, down: {}, held: {}, route: {}, late: {} }
envoy:
  routes: [${['up', 'down', 'held', 'route', 'late'].map((name) => `{ match: { path: /${name} }, cluster: ${name} }`).join(', ')}]
load: { rate: 500/s, requests: [${['up', 'down', 'held', 'route', 'late'].map((name) => `{ GET: /${name} }`).join(', ')}] }
phases:
  - { name: before, for: 300ms }
  - name: ramp
    for: 4s
    faults:
      - { cluster: up, abort: 503, percent: { from: 0, to: 100 } }
      - { cluster: down, abort: 503, percent: { from: 100, to: 0 } }
      - { cluster: held, delay: 60ms, percent: 50 }
      - { cluster: held, abort: 503, percent: { from: 0, to: 60 } }
      - { cluster: route, slow: 5, percent: { from: 10, to: 60 } }
      - { cluster: late, delay: 20ms, abort: 503, percent: { from: 0, to: 50 } }
  - { name: after, for: 500ms }
`)
  })
  const fault = (id: string) => ran.observations.faults.find((each) => each.id === id)
  const quarter = (path: string, n: number) => {
    const { from, to: end } = ran.observations.phases[1] as { from: number; to: number }
    const part = (end - from) / 4
    const all = to(ran, path).filter(({ phase, due }) => phase === 1 && due >= from + n * part && due < from + (n + 1) * part)
    return all.filter(({ status }) => status === 503).length / all.length
  }

  test.each([
    ['ramp-1', '/up', 0, 1],
    ['ramp-2', '/down', 1, 0],
    ['ramp-4', '/held', 0, 0.6],
    ['ramp-5', '/route', 0.1, 0.6],
    ['ramp-6', '/late', 0, 0.5],
  ])(
    '%s: its share is the mean of what was in force for those of %s (from %d to %d), and no source contradicts another',
    (id, path, first, last) => {
      const { matched = 0, met = 0, doubt, ramp } = fault(id) ?? {}
      expect(doubt).toBeNull()
      // Which request is of which kind is drawn from the seed, so the mean is that of a straight line at their own times.
      const { from, to: end } = ran.observations.phases[1] as { from: number; to: number }
      const own = to(ran, path).filter(({ phase }) => phase === 1)
      const mean = own.reduce((sum, { due }) => sum + first + ((last - first) * (due - from)) / (end - from), 0) / own.length
      // It moves in steps: what was in force is as old as one at most.
      const beside = (Math.abs(last - first) * LATE_STEP_MS) / (end - from)
      expect(ramp?.expected).toBeGreaterThan(mean - beside)
      expect(ramp?.expected).toBeLessThan(mean + beside)
      expect(met).toBeGreaterThanOrEqual(ramp?.least as number)
      expect(met).toBeLessThanOrEqual(ramp?.most as number)
      // Of draws of one chance of the mean, 99.9 % lie within 3.29 standard deviations: those of a ramp are closer together.
      expect(((ramp?.most as number) - (ramp?.least as number)) / 2).toBeLessThan(3.4 * Math.sqrt(matched * mean * (1 - mean)) + 1)
    },
  )

  test('it rises, or falls', () => {
    // Each quarter has some 100 requests, and a mean of 12.5, 37.5, 62.5 and 87.5 %.
    expect(quarter('/up', 0)).toBeLessThan(0.35)
    expect(quarter('/up', 3)).toBeGreaterThan(0.65)
    expect(quarter('/down', 0)).toBeGreaterThan(0.65)
    expect(quarter('/down', 3)).toBeLessThan(0.35)
  })

  test('its steps are kept with their times, and few are late', () => {
    const { steps = [] } = ran.conducted.phases[1] ?? {}
    expect(steps.length).toBeGreaterThan(25)
    for (const [i, { from, applied, percents }] of steps.entries()) {
      expect(applied).toBeGreaterThanOrEqual(from)
      const next = steps[i + 1]
      if (next === undefined) continue
      expect(next.from).toBeGreaterThanOrEqual(applied)
      expect(next.percents['ramp-1']).toBeGreaterThan(percents['ramp-1'] as number)
    }
    const gaps = steps.slice(1).map(({ from }, i) => from - (steps[i]?.from as number))
    expect(gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]).toBeLessThan(LATE_STEP_MS)
    expect(ran.conducted.phases[0]).not.toHaveProperty('steps')
  })

  test('it begins and ends with its phase', () => {
    for (const { phase, status, edge } of ran.records) if (phase !== 1 && !edge) expect(status).toBe(200)
  })

  test('the arithmetic tells the best and the worst of it', () => {
    const [, phase] = predict(ran.scenario, ran.plan).phases
    const success = (name: string) => phase?.kinds.find(({ request }) => request === name)?.success
    expect(success('GET /up')).toEqual({ low: 0, high: 1 })
    expect(success('GET /late')).toEqual({ low: expect.closeTo(0.5, 6), high: 1 })
  })

  test('a ramp that in truth went the other way is doubted', () => {
    // The steps are told in the opposite order, as from 100 to 0 %: which has about the same mean, but not the same halves.
    const other = { ...ran.conducted, phases: ran.conducted.phases.map((phase) => ({ ...phase })) }
    const [, moving] = other.phases
    const steps = moving?.steps ?? []
    const turned = steps.map((step, i) => ({ ...step, percents: steps[steps.length - 1 - i]?.percents ?? {} }))
    Object.assign(moving as object, { steps: turned })
    const spoilt = observeSpoilt({ ...ran, conducted: other }, {}).faults.find(({ id }) => id === 'ramp-1')
    expect(spoilt?.doubt).toMatch(/missed its share: its ramp comes to|did not follow its ramp: in the first half of its phase/)
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})
