import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'chaos-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SCENARIO = `
name: secrets stay out of the results
upstreams:
  inventory: { respond: { headers: { set-cookie: sid=s3cr3t-cookie-1 } } }
envoy:
  routes:
    - { match: { prefix: /a, headers: { x-api-key: s3cr3t-key-2 } }, cluster: inventory }
    - { match: { prefix: / }, cluster: inventory }
load:
  rate: 50/s
  requests:
    - { GET: /a, headers: { authorization: Bearer s3cr3t-token-3, x-api-key: s3cr3t-key-2 } }
phases:
  - { name: only, for: 1s, faults: [{ cluster: inventory, abort: 503, when: { header: { authorization: Bearer s3cr3t-token-3 } } }] }
expect:
  - { phase: only, given: { header: { authorization: Bearer s3cr3t-token-3 } }, status: 503 }
`

test('no value of a secret header of the scenario is left in any file of the results, nor on the terminal', () => {
  const file = join(folder, 'secrets.yaml')
  const out = join(folder, 'out')
  writeFileSync(file, SCENARIO)
  const env = { ...process.env, CHAOS_ENVOY: inject('envoy') }
  const shown = execFileSync(process.execPath, [join(ROOT, 'src/cli.ts'), 'run', file, '--out', out, '-q'], { env, encoding: 'utf8' })
  // The fault was made by these values, so they did reach Envoy.
  expect(shown).toContain('PASS')
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(8)
  const leaking = files.filter((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').includes('s3cr3t'))
  expect(leaking.map((entry) => entry.name)).toEqual([])
  expect(shown).not.toContain('s3cr3t')
})
