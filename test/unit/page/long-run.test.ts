import { expect, test } from 'vitest'
import type { RequestRecord } from '../../../src/observe/record.ts'
import { MadeRecords, type Records } from '../../../src/observe/records.ts'
import { pageDataOf } from '../../../src/page/page-data-of.ts'
import { renderPage } from '../../../src/page/render-page.ts'
import { pageTemplate } from '../../../src/page-template.ts'
import { toResults } from '../../../src/report/results.ts'
import { attempt, egress, plan, record, run } from '../report/sample-run.ts'

const [REQUESTS, RATE] = [300_000, 500]
const MS = (REQUESTS * 1000) / RATE

/** More than any run has: some 60 of each cluster, hop and stub. */
const COUNTERS = Array.from({ length: 1000 }, (_, i) => ({
  name: `cluster.inventory-${i}.upstream_rq_2xx`,
  total: REQUESTS,
  phases: [REQUESTS],
}))

/** Made when they are asked for, each a little different; one in ten fails. */
class LongRun extends MadeRecords {
  get length(): number {
    return REQUESTS
  }

  filter(): Records {
    throw new Error('of a run like this nobody keeps a part')
  }

  slice(): RequestRecord[] {
    return []
  }

  *[Symbol.iterator](): Generator<RequestRecord> {
    for (let i = 0; i < REQUESTS; i++) {
      const due = i * (1000 / RATE)
      const took = 5 + ((i * 7919) % 1000)
      const fails = i % 10 === 0
      yield record(i, {
        phase: 0,
        due,
        sent: due,
        end: due + took,
        status: fails ? 503 : 200,
        success: !fails,
        egress: egress(due, { durationMs: took, status: fails ? 503 : 200, rejectedBy: fails ? 'max_requests' : null }),
        attempts: [attempt(1, due, { durationMs: took, flags: [], replica: 1 + (i % 2) })],
      })
    }
  }
}

test('ten minutes at 500 requests a second take a page of less than 5 MB, most of which is its script', () => {
  const short = run()
  const phase = { ...(short.observations?.phases[0] as NonNullable<typeof short.observations>['phases'][number]), from: 0, to: MS }
  const results = toResults(short)
  const long = run({
    plan: { ...plan, phases: [{ name: 'baseline', from: 0, to: MS, faults: [] }] },
    observations: {
      records: new LongRun(),
      foreignCalls: 0,
      ejections: [],
      counters: COUNTERS,
      phases: [phase],
      faults: [],
      unsound: [],
      notes: [],
    },
  })
  const data = pageDataOf(long, { ...results, phases: results.phases.slice(0, 1).map((each) => ({ ...each, from_ms: 0, to_ms: MS })) })
  expect(data.axis.count).toBeGreaterThanOrEqual(300)
  expect(data.traffic.offered.reduce((sum, each) => sum + each, 0)).toBe(REQUESTS)
  expect(data.stats).toHaveLength(COUNTERS.length)
  const page = renderPage(pageTemplate(), data).join('')
  expect(Buffer.byteLength(page)).toBeLessThan(5e6)
  expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(Buffer.byteLength(page) / 2)
}, 120_000)
