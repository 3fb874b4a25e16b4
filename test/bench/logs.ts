import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { logNormal, random } from '../../src/random.ts'
import { type Bench, median } from './bench.ts'

/** What it takes to read a log, beside what it takes to count its lines in the same way. */
const LINES = 1_000_000
const REPEATS = 3
const GOAL = 10
const CHAOS = resolve(import.meta.dirname, '../../chaos')

/** As the command reads it: decoded and split, without a look at the lines. */
const COUNT = `
const decoder = new TextDecoder(); let rest = '', lines = 0
for await (const chunk of (await import('node:fs')).createReadStream(process.argv[1])) {
  const parts = (rest + decoder.decode(chunk, { stream: true })).split('\\n'); rest = parts.pop(); lines += parts.length
}
console.log(lines)`

export const logs: Bench = {
  name: 'logs',
  async run({ folder, say }) {
    const file = join(folder, 'access.log')
    writeLog(file)
    const took = (command: string, args: readonly string[]) => {
      const began = performance.now()
      const { status, stderr } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
      return performance.now() - began
    }
    const pairs = Array.from({ length: REPEATS }, (_, i) => {
      say(`  ${i + 1} of ${REPEATS}`)
      const count = took(process.execPath, ['--input-type=module', '-e', COUNT, file])
      return { count, tune: took(CHAOS, ['tune', '--from', file]) }
    })
    const [tune, count] = [median(pairs.map((pair) => pair.tune)), median(pairs.map((pair) => pair.count))]
    const ratio = median(pairs.map((pair) => pair.tune / pair.count))
    return [
      {
        what: `chaos tune --from, ${LINES / 1e6} million lines`,
        ours: `${(tune / 1000).toFixed(2)} s`,
        peer: `${(count / 1000).toFixed(2)} s to count them`,
        compared: `${ratio.toFixed(1)} times`,
        goal: `≤ ${GOAL} times`,
        met: ratio <= GOAL,
        figures: { tune_ms: pairs.map((pair) => pair.tune), count_ms: pairs.map((pair) => pair.count), ratio },
      },
    ]
  },
}

function writeLog(file: string): void {
  const draw = random(1)
  const fd = openSync(file, 'w')
  for (let i = 0; i < LINES; ) {
    let text = ''
    for (const end = Math.min(LINES, i + 1000); i < end; i++) {
      const ms = Math.floor(logNormal(draw, 40, 200))
      text += `[${new Date(1.7e12 + 5 * i).toISOString()}] "GET /items/${i % 100} HTTP/1.1" 200 - 0 154 ${ms} ${ms} "-" "curl/8.5" "3f2a7b1c-1111-4222-8333-${i}" "shop.local" "10.0.0.1:8080"\n`
    }
    writeSync(fd, text)
  }
  closeSync(fd)
}
