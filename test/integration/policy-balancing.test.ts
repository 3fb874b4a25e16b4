import { beforeAll, describe, expect, test } from 'vitest'
import { expectDrawn } from '../helpers/chance.ts'
import { clusterStat, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** From the failure that ejects to the last request that still goes there: Envoy's main thread decides, and tells its worker. */
const TOLD_MS = 150

const attemptsTo = (ran: Ran, path: string) =>
  to(ran, path)
    .flatMap((record) => record.attempts)
    .toSorted((a, b) => a.start - b.start)

describe('lb_policy and load_balancing_weight', () => {
  let ran: Ran
  beforeAll(async () => {
    const names = ['turn', 'default', 'random', 'least', 'turn_slow', 'weighted', 'weighted_random', 'weighted_least']
    ran = await runScenario(`
upstreams:
${names.map((name) => `  ${name}: { replicas: 2 }`).join('\n')}
envoy:
  clusters:
    turn: { lb_policy: ROUND_ROBIN }
    random: { lb_policy: RANDOM }
    least: { lb_policy: LEAST_REQUEST }
    turn_slow: { lb_policy: ROUND_ROBIN }
    weighted: { load_balancing_weight: { 1: 3 } }
    weighted_random: { lb_policy: RANDOM, load_balancing_weight: { 1: 3 } }
    weighted_least: { lb_policy: LEAST_REQUEST, load_balancing_weight: { 1: 3 } }
  routes:
${names.map((name) => `    - { match: { path: /${name} }, cluster: ${name} }`).join('\n')}
load: { rate: 800/s, requests: [${names.map((name) => `{ GET: /${name} }`).join(', ')}] }
phases:
  - name: all
    for: 3s
    faults: [{ cluster: least, delay: 300ms, replica: 2 }, { cluster: turn_slow, delay: 300ms, replica: 2 }]
`)
  })

  const replicas = (path: string) => attemptsTo(ran, path).map((attempt) => attempt.replica)
  const toSecond = (path: string) => replicas(path).filter((replica) => replica === 2).length
  const shareOfSecond = (path: string) => toSecond(path) / replicas(path).length
  const repeats = (path: string) => {
    const sequence = replicas(path)
    return sequence.slice(1).filter((replica, i) => replica === sequence[i]).length
  }

  test.each(['/turn', '/default'])('%s: each replica in its turn', (path) => {
    expect(replicas(path).length).toBeGreaterThan(200)
    expect(repeats(path)).toBe(0)
  })

  // Two draws are alike half of the time.
  test('RANDOM draws for each try anew', () => {
    const n = replicas('/random').length
    expectDrawn(repeats('/random'), n - 1, 1 / 2)
    expectDrawn(toSecond('/random'), n, 1 / 2)
  })

  // Replica 2 always has more in flight: it is taken only when both draws of two are it, one time in four.
  test('LEAST_REQUEST keeps away from the replica that is slow, where ROUND_ROBIN does not', () => {
    expect(Math.abs(shareOfSecond('/turn_slow') - 1 / 2)).toBeLessThan(0.01)
    expectDrawn(toSecond('/least'), replicas('/least').length, 1 / 4)
  })

  test('a weight of 3 beside 1 gets three tries of four', () => {
    expect(Math.abs(shareOfSecond('/weighted') - 1 / 4)).toBeLessThan(0.02)
  })

  // What is in flight at a replica lowers its weight there: the heavier one is passed over now and then.
  test('and somewhat fewer under LEAST_REQUEST', () => {
    expect(shareOfSecond('/weighted_least')).toBeGreaterThan(1 / 4 - 0.02)
    expect(shareOfSecond('/weighted_least')).toBeLessThan(0.4)
  })

  test('RANDOM pays no heed to weights', () => {
    expectDrawn(toSecond('/weighted_random'), replicas('/weighted_random').length, 1 / 2)
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

describe('healthy_panic_threshold, with hosts ejected for longer than the run', () => {
  let ran: Ran
  beforeAll(async () => {
    const outlier = 'outlier_detection: { consecutive_5xx: 3, interval: 100ms, base_ejection_time: 60s, max_ejection_percent: 100 }'
    const panic = (value: number) => `common_lb_config: { healthy_panic_threshold: { value: ${value} } }`
    ran = await runScenario(`
upstreams: { all_default: { replicas: 2 }, all_zero: { replicas: 2 }, half_default: { replicas: 2 }, half_sixty: { replicas: 2 } }
envoy:
  clusters:
    all_default: { ${outlier} }
    all_zero: { ${outlier}, ${panic(0)} }
    half_default: { ${outlier} }
    half_sixty: { ${outlier}, ${panic(60)} }
  routes:
${['all_default', 'all_zero', 'half_default', 'half_sixty'].map((name) => `    - { match: { path: /${name} }, cluster: ${name} }`).join('\n')}
load: { rate: 400/s, requests: [{ GET: /all_default }, { GET: /all_zero }, { GET: /half_default }, { GET: /half_sixty }] }
phases:
  - name: ejecting
    for: 1s
    faults:
      - { cluster: all_default, abort: 503 }
      - { cluster: all_zero, abort: 503 }
      - { cluster: half_default, abort: 503, replica: 2 }
      - { cluster: half_sixty, abort: 503, replica: 2 }
  - { name: ejected, for: 1s }
`)
  })

  const afterwards = (path: string) =>
    to(ran, path).filter((record) => record.phase === 1 && record.sent > (ran.observations.phases[1]?.from ?? 0) + TOLD_MS)
  const visited = (path: string) => new Set(afterwards(path).flatMap((record) => record.attempts.map((attempt) => attempt.replica)))

  test('with all of them out, the default of 50 lets traffic go to them all the same', () => {
    expect(ran.observations.phases[0]?.ejections.all_default).toBe(2)
    expect(visited('/all_default')).toEqual(new Set([1, 2]))
    for (const record of afterwards('/all_default')) expect(record.status).toBe(200)
    expect(clusterStat(ran, 'all_default', 'lb_healthy_panic')).toBeGreaterThan(0)
  })

  test('{ value: 0 } answers 503, no healthy upstream', () => {
    expect(ran.observations.phases[0]?.ejections.all_zero).toBe(2)
    expect(afterwards('/all_zero').length).toBeGreaterThan(20)
    for (const record of afterwards('/all_zero')) {
      expect(record.status).toBe(503)
      expect(record.attempts).toEqual([])
    }
  })

  // One of two is 50 %, which is not fewer than 50, but fewer than 60.
  test('with one of two out, the default keeps traffic away from it, and { value: 60 } does not', () => {
    expect(visited('/half_default')).toEqual(new Set([1]))
    expect(visited('/half_sixty')).toEqual(new Set([1, 2]))
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})
