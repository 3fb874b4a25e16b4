import { describe, expect, test } from 'vitest'
import { timelinesOf } from '../../../src/predict/timeline.ts'
import { routesOf } from '../../../src/scenario/routing.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

function timelines(route: string, more = '', load = 'rate: 10/s') {
  const scenario = scenarioOf(`
upstreams: { up: {} }
envoy:
  clusters: { up: { connect_timeout: 100ms } }
  routes: [{ match: { prefix: / }, cluster: up, ${route} }]
  ${more}
load: { ${load} }
phases: [{ name: all, for: 1s }]
`)
  const [answered, connected, held] = timelinesOf(scenario, routesOf(scenario)[0] as never)
  const told = (line: typeof answered) => line?.steps.map(({ from, to, what }) => `${from}${from === to ? '' : `-${to}`} ${what}`)
  return {
    answered: told(answered),
    connected: told(connected),
    held: told(held),
    endedBy: [answered, connected, held].map((line) => line?.endedBy),
  }
}

describe('the upstream never answers', () => {
  test('tries are cut and made again, each back-off drawn anew, until none is left', () =>
    // 250, then a wait below 25, 250, a wait below 50, 250.
    expect(timelines('timeout: 1s, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms }').answered).toEqual([
      '0 try 1 is sent',
      '250 per_try_timeout cuts try 1; back-off of 0 to 25ms',
      '250-275 try 2 is sent',
      '500-525 per_try_timeout cuts try 2; back-off of 0 to 50ms',
      '500-575 try 3 is sent',
      '750-825 per_try_timeout cuts try 3, no try is left: 504',
    ]))

  test('the timeout ends it where it comes first; what may begin before is told', () =>
    expect(timelines('timeout: 510ms, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms }').answered).toEqual([
      '0 try 1 is sent',
      '250 per_try_timeout cuts try 1; back-off of 0 to 25ms',
      '250-275 try 2 is sent',
      '500-510 per_try_timeout cuts try 2; back-off of 0 to 50ms',
      '500-510 try 3 is sent',
      '510 timeout ends it: 504',
    ]))

  test('retry_on without a value for it leaves one try', () =>
    expect(timelines('retry_policy: { retry_on: [connect-failure], num_retries: 2, per_try_timeout: 250ms }').answered).toEqual([
      '0 try 1 is sent',
      '250 per_try_timeout cuts try 1, retry_on does not have it: 504',
    ]))

  test('with hedging no try is cut', () =>
    expect(
      timelines(
        'timeout: 1s, hedge_policy: { hedge_on_per_try_timeout: true }, retry_policy: { retry_on: [5xx], num_retries: 1, per_try_timeout: 250ms }',
      ).answered,
    ).toEqual(['0 try 1 is sent', '250 per_try_timeout: try 2 begins, those before it go on (hedging)', '1000 timeout ends it: 504']))

  test('without limits it is the client, whose deadline comes before', () =>
    expect(timelines('timeout: 0s', '', 'rate: 10/s, deadline: 1s').answered).toEqual([
      '0 try 1 is sent',
      '1000 load.deadline: what comes later is no success',
      '6000 the client hangs up',
    ]))

  test.each([
    ['max_stream_duration: { max_stream_duration: 300ms }', 'max_stream_duration'],
    ['idle_timeout: 300ms', 'idle_timeout'],
    ['timeout: 300ms', 'timeout'],
    ['retry_policy: { retry_on: [5xx], num_retries: 0, per_try_idle_timeout: 300ms }', 'per_try_idle_timeout'],
  ])('%s', (route, name) => expect(timelines(route).endedBy[0]).toBe(name))

  test('many tries are told by the first ones and the last', () => {
    const steps = timelines('timeout: 0s, retry_policy: { retry_on: [5xx], num_retries: 30, per_try_timeout: 10ms }').answered ?? []
    expect(steps.length).toBeLessThan(15)
    expect(steps).toContainEqual(expect.stringContaining('and so on, up to try 31'))
  })
})

test('no connection comes about: connect_timeout for each try, since per_try_timeout has not begun', () =>
  expect(timelines('retry_policy: { retry_on: [connect-failure], num_retries: 1, per_try_timeout: 10ms }').connected).toEqual([
    '0 try 1 opens a connection',
    '100 connect_timeout cuts try 1; back-off of 0 to 25ms',
    '100-125 try 2 opens a connection',
    '200-225 connect_timeout cuts try 2, no try is left: 503',
  ]))

describe('held before the router', () => {
  test('neither timeout nor per_try_timeout has begun', () =>
    expect(timelines('timeout: 300ms', '', 'rate: 10/s, deadline: 1s').held).toEqual([
      '0 a filter before the router holds the request: no try begins',
      '1000 load.deadline: what comes later is no success',
      '6000 the client hangs up',
    ]))
  test('request_timeout ends it', () =>
    expect(timelines('timeout: 300ms', 'http_connection_manager: { request_timeout: 400ms }').endedBy[2]).toBe('request_timeout'))
})
