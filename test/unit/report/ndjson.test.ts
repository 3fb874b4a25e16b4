import { expect, test } from 'vitest'
import { requestLines } from '../../../src/report/ndjson.ts'
import { plan, record, scenario } from './sample-run.ts'

const line = requestLines({ scenario: scenario(), plan })

test('a line can be read on its own: names first, then the record', () => {
  expect(line(record(112))).toMatchInlineSnapshot(
    `"{"id":"r-112","phaseName":"brownout","requestName":"GET /items/42","method":"GET","path":"/items/42","request":0,"phase":1,"due":11200,"sent":11200.2,"end":11223.5,"status":200,"error":null,"success":true,"edge":false,"stray":false,"joined":true,"calls":[{"egress":{"cluster":"inventory","route":"route-1","start":11200.5,"durationMs":22,"status":200,"flags":[],"details":"via_upstream","rejectedBy":null,"cutBy":null,"retrySuppressedBy":null},"attempts":[{"n":1,"start":11201,"durationMs":21,"poolMs":0,"status":200,"flags":[],"replica":1,"cutBy":null,"outrun":false,"hop":{"start":11201,"durationMs":21,"status":200,"flags":[],"faults":[]},"stub":{"arrived":11201,"started":11201,"due":11221,"answered":11221.4,"status":200,"busy":1,"queued":0}}],"ingressFaults":[]}],"body":""}"`,
  )
})

test('it is one line, whatever the texts hold', () => {
  expect(line(record(0, { error: 'two\nlines\u2028' }))).not.toContain('\n')
})

test('numbers are rounded to a microsecond', () => {
  expect(JSON.parse(line(record(0, { due: 1.23456789, sent: 2.0004999 })))).toMatchObject({ due: 1.235, sent: 2 })
})

test('nothing of a record is lost but its digits, the headers of the answer and most of its body', () => {
  const { headers: _, ...rest } = record(7, { body: { text: 'x'.repeat(201), bytes: 201, whole: true } })
  expect(JSON.parse(line(record(7, rest)))).toMatchObject({ ...rest, body: 'x'.repeat(200) })
})

test('a token of the request that comes back in the body is masked, at the place where the body is cut too', () => {
  const body = { text: `${'x'.repeat(190)} Bearer s3cr3t-t0ken`, bytes: 210, whole: true }
  expect(JSON.parse(line(record(0, { body }))).body).toBe(`${'x'.repeat(190)} ***`)
})

test("a name that quotes the request's token is masked", () => {
  const named = { ...plan, requests: plan.requests.map((request) => ({ ...request, name: 'GET / as Bearer s3cr3t-t0ken' })) }
  expect(JSON.parse(requestLines({ scenario: scenario(), plan: named })(record(0))).requestName).toBe('GET / as ***')
})
