import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ChaosError, EXIT, type ExitCode, type Problem } from '../errors.ts'
import { keepNewSpace, keepOldSpaceLean } from '../lean-heap.ts'
import { renderWarning } from '../report/errors.ts'
import { fragments, renderTraffic, type TunedGroup, trafficJson } from '../report/traffic.ts'
import { tell, tellJson, terminalOf } from '../terminal.ts'
import { isBad, parseLine } from '../traffic-log/parse-line.ts'
import { propose } from '../traffic-log/propose.ts'
import { type Grouping, Survey } from '../traffic-log/survey.ts'
import { DEFAULT_FORMAT } from '../traffic-log/text-line.ts'

export interface TuneFromFlags {
  from: readonly string[]
  /** In (0, 1). */
  falseTimeouts: number
  retries: number
  by?: Grouping
  istio?: boolean
  json?: boolean
  color: boolean
}

const STDIN = '-'

/** Limits of time from access logs: what they say goes to stdout, lines that cannot be read to stderr. */
export async function tuneFromCommand(flags: TuneFromFlags): Promise<ExitCode> {
  // Each line leaves garbage behind, and nothing else.
  keepNewSpace()
  keepOldSpaceLean()
  const survey = new Survey(flags.by)
  const lines = { read: 0, bad: 0 }
  let firstBad: Problem | undefined
  for (const file of flags.from) {
    let number = 0
    for await (const batch of linesOf(file)) {
      for (const line of batch) {
        number++
        if (line.trim() === '') continue
        const parsed = parseLine(line)
        if (isBad(parsed)) {
          lines.bad++
          firstBad ??= { file, line: number, col: parsed.col, message: `not a line of an access log of Envoy: expected ${parsed.expected}` }
        } else {
          lines.read++
          survey.add(parsed)
        }
      }
    }
  }
  const { by } = survey
  if (by === undefined || lines.read === 0) throw nothingRead(firstBad)
  const groups: TunedGroup[] = [...survey.groups]
    .map(([name, traffic]) => ({ name, traffic, proposal: propose(traffic, flags.falseTimeouts, flags.retries) }))
    .sort((a, b) => b.traffic.requests - a.traffic.requests)
  if (flags.json) tellJson(trafficJson(groups, by, lines))
  else {
    tell(process.stdout, `${renderTraffic(groups, by, terminalOf(process.stdout, flags.color))}\n`)
    // What requests are told apart by must be what a cluster or a rule is for.
    const text = by === 'cluster' || by === 'host' ? fragments(groups, by, flags.istio === true) : ''
    if (text !== '') tell(process.stdout, `\n${text}`)
  }
  if (firstBad !== undefined) {
    const look = terminalOf(process.stderr, flags.color)
    const all = lines.bad + lines.read
    tell(
      process.stderr,
      `\n${renderWarning({ ...firstBad, hint: `${lines.bad} of ${all} lines are left out, this one is the first` }, look)}\n`,
    )
  }
  return groups.some(({ proposal }) => proposal.timeout !== null) ? EXIT.pass : EXIT.inconclusive
}

function nothingRead(first: Problem | undefined): ChaosError {
  return new ChaosError(
    'badInput',
    first === undefined ? 'there is no line in what --from names' : 'no line of what --from names can be read',
    {
      ...(first === undefined ? {} : { problems: [first] }),
      hint: `Envoy's own format is read, Istio's, and JSON with keys such as start_time, duration and response_code. In the access_log of Envoy leave log_format out, or write it so:\n${DEFAULT_FORMAT}`,
    },
  )
}

/** The lines of a file, or of stdin, in batches; gzip is known by its first two bytes. The memory does not grow with the file. */
async function* linesOf(file: string): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of await unpacked(file === STDIN ? process.stdin : createReadStream(file))) {
      const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      yield lines
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined || error instanceof ChaosError) throw error
    throw new ChaosError('badInput', `cannot read ${file === STDIN ? 'stdin' : file}: ${message}`, { cause: error })
  }
  if (rest !== '') yield [rest]
}

async function unpacked(source: Readable): Promise<Readable> {
  await new Promise((resolve) => source.once('readable', resolve).once('end', resolve).once('error', resolve))
  if (source.errored) throw source.errored
  const first = source.read() as Buffer | null
  if (first === null) return source
  source.unshift(first)
  if (first[0] !== 0x1f || first[1] !== 0x8b) return source
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  return source.pipe(gunzip)
}
