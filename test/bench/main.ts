import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cells, padEnd } from '../../src/report/layout.ts'
import { findEnvoy } from '../../src/topology/envoy-binary.ts'
import type { Bench, Row } from './bench.ts'
import { docker } from './docker.ts'
import { generator } from './generator.ts'
import { logs } from './logs.ts'
import { memory } from './memory.ts'
import { overhead } from './overhead.ts'

/*
 * npm run bench [-- --only NAME] [-- --json]
 *
 * Every figure stands beside that of a peer, or of what the machine allows, measured in the same run. Give it the machine
 * to itself.
 */

const BENCHES: readonly Bench[] = [overhead, docker, generator, logs, memory]

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } })
const chosen = BENCHES.filter(({ name, onlyWhenAsked }) => (values.only === undefined ? onlyWhenAsked === undefined : name === values.only))
if (chosen.length === 0) {
  process.stderr.write(`there is no bench ${values.only}; there are ${BENCHES.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}

const say = (text: string) => void process.stderr.write(`${text}\n`)
const envoy = await findEnvoy({ env: process.env, onProgress: say })
const [cpu] = cpus()
const machine = `${cpu?.model.trim()}, ${cpus().length} cores; Node ${process.versions.node}; Envoy ${envoy.version}`

const rows: Row[] = []
for (const bench of chosen) {
  say(`${bench.name} …`)
  const folder = mkdtempSync(join(tmpdir(), 'chaos-bench-'))
  try {
    rows.push(...(await bench.run({ envoy: envoy.path, folder, say })))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

process.stdout.write(values.json ? `${JSON.stringify({ machine, rows }, null, 2)}\n` : `${machine}\n\n${table(rows)}\n${leftOut()}`)
process.exitCode = rows.every(({ met }) => met) ? 0 : 1

function table(rows: readonly Row[]): string {
  const head = ['what', 'ours', 'peer or floor', 'compared', 'goal', 'met']
  const lines = [head, ...rows.map((row) => [row.what, row.ours, row.peer, row.compared, row.goal, row.met ? 'yes' : 'NO'])]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => cells(line[column] as string))))
  return lines
    .map((line) =>
      line
        .map((text, column) => padEnd(text, widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function leftOut(): string {
  return BENCHES.filter((bench) => !chosen.includes(bench))
    .map(({ name, onlyWhenAsked }) => `not run: --only ${name}${onlyWhenAsked ? ` (${onlyWhenAsked})` : ''}\n`)
    .join('')
}
