import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chaos, judged, loadRuns, newFolder, readResults, start } from '../helpers/run.ts'

const SCENARIO = `
name: secrets stay out of the results
upstreams:
  inventory: { respond: { json: { token: s3cr3t-token-3 }, headers: { set-cookie: sid=s3cr3t-cookie-1 } } }
envoy:
  routes:
    - { match: { prefix: /a, headers: { x-api-key: s3cr3t-key-2 } }, cluster: inventory }
    - { match: { prefix: / }, cluster: inventory }
load:
  rate: 50/s
  requests:
    - { GET: /a, headers: { authorization: Bearer s3cr3t-token-3, x-api-key: s3cr3t-key-2 } }
    - { name: other, GET: /b }
phases:
  - { name: only, for: 1s, faults: [{ cluster: inventory, abort: 503, when: { header: { authorization: Bearer s3cr3t-token-3 } } }] }
expect:
  - { phase: only, given: { header: { authorization: Bearer s3cr3t-token-3 } }, status: 503 }
  - { request: other, body: { contains: s3cr3t-token-3 } }
`

test('no value of a secret header of the scenario is left in any file of the results, nor on the terminal', async () => {
  const folder = newFolder()
  const file = join(folder, 'secrets.yaml')
  const out = join(folder, 'out')
  writeFileSync(file, SCENARIO)
  const { stdout, stderr } = await judged(['run', file, '--out', out])
  // The fault was made by these values, so they did reach Envoy.
  expect(stdout).toContain('PASS')
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(8)
  const leaking = files.filter((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').includes('s3cr3t'))
  expect(leaking.map((entry) => entry.name)).toEqual([])
  expect(stdout + stderr).not.toContain('s3cr3t')
  // Judged again, the answers that hold a secret are found by the placeholder of it.
  const results = readResults(out)
  expect(await chaos(['report', out, '--write'])).toMatchObject({ code: 0, stderr: '' })
  expect(readResults(out)).toEqual(results)
})

test('the files that hold secrets while the run lasts can be read by nobody else, then nor later', async () => {
  const folder = newFolder()
  const file = join(folder, 'secrets.yaml')
  const out = join(folder, 'out')
  writeFileSync(file, SCENARIO)
  const modes = () => ['envoy.yaml', 'stubs.json'].map((name) => (statSync(join(out, name)).mode & 0o777).toString(8))
  const started = start(['run', file, '--out', out])
  await loadRuns(started)
  expect(readFileSync(join(out, 'envoy.yaml'), 'utf8')).toContain('s3cr3t')
  expect(modes()).toEqual(['600', '600'])
  await started.finished
  expect(modes()).toEqual(['600', '600'])
})
