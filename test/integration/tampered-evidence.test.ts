import { request } from 'undici'
import { beforeAll, describe, expect, test } from 'vitest'
import { evidence } from '../helpers/fault-evidence.ts'
import { observeSpoilt, type Ran, runScenario } from '../helpers/scenario.ts'

describe('evidence that was tampered with is doubted', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(
      `
upstreams: { one: { replicas: 2 } }
envoy: { routes: [{ match: { prefix: / }, cluster: one, retry_policy: { retry_on: [5xx] } }], clusters: { one: { circuit_breakers: { max_retries: 100 } } } }
load: { rate: 300/s }
phases:
  - { name: sound, for: 500ms, faults: [{ cluster: one, abort: 503, percent: 30 }] }
  - { name: reset, for: 500ms, faults: [{ cluster: one, abort: 503 }] }
  - { name: stirred, for: 500ms }
`,
      {
        async meanwhile({ admin, at }) {
          await at(750)
          const path = `/runtime_modify?${new URLSearchParams({ 'chaos.reset-1.percent': '0' })}`
          const { body, statusCode } = await request(`http://${admin.host}:${admin.port}${path}`, { method: 'POST' })
          await body.dump()
          if (statusCode !== 200) throw new Error(`the tampering failed: ${statusCode}`)
        },
      },
    )
  })

  test('untouched evidence is not', () => {
    expect(ran.observations.unsound).toEqual([])
    expect(evidence(ran.observations, 'sound-1').doubt).toBeNull()
  })

  test('a fault that someone switched off in the middle of its phase missed its share', () => {
    expect(evidence(ran.observations, 'reset-1').doubt).toContain('missed its share: 100 % asked')
  })

  const LOGS = ['egress', 'attempts', 'hop', 'journal'] as const
  const lines = (log: (typeof LOGS)[number]) => ran.logs[log].split('\n').filter((line) => line !== '')
  const spoil = (log: (typeof LOGS)[number], text: string) => observeSpoilt(ran, { [log]: text }).unsound

  describe.each(LOGS)('the %s log', (log) => {
    // One line of the first phase, of the middle, and the last.
    test.each([0.1, 0.5, 0.999])('with one line missing, at %d of it', (at) => {
      const kept = lines(log)
      kept.splice(Math.floor(at * kept.length), 1)
      expect(spoil(log, `${kept.join('\n')}\n`)).not.toEqual([])
    })

    test('with its last line cut off in the middle', () => {
      expect(spoil(log, ran.logs[log].slice(0, -40))).toContain('1 log line is cut off in the middle')
    })

    test('with one line twice', () => {
      const all = lines(log)
      expect(spoil(log, `${[...all, all[10]].join('\n')}\n`)).not.toEqual([])
    })

    test('with one line in the place of another', () => {
      const all = lines(log)
      all[20] = all[10] as string
      expect(spoil(log, `${all.join('\n')}\n`)).not.toEqual([])
    })

    test('empty', () => expect(spoil(log, '')).not.toEqual([]))
  })
})
