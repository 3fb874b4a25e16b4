import { ChaosError } from '../errors.ts'
import { daemonWords } from './daemon-words.ts'

/** What the daemon tells while it builds or pulls, one JSON object a line. Each has some of these. */
export interface DaemonEvent {
  /** Output of a build. */
  stream?: string
  /** What happens to a layer, `id`. */
  status?: string
  id?: string
  progressDetail?: { current?: number; total?: number }
  aux?: { ID?: string }
  /** The end of what went wrong: the answer itself was 200 long before. */
  error?: string
}

/**
 * The events of a stream, until its end.
 *
 * @throws the signal's reason on an abort; ChaosError `environment` when the connection to the daemon breaks
 */
export async function* daemonEvents(stream: NodeJS.ReadableStream, signal: AbortSignal | undefined): AsyncGenerator<DaemonEvent> {
  let rest = ''
  stream.setEncoding('utf8')
  try {
    for await (const chunk of stream) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() as string
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line)
    }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ChaosError('environment', `the connection to the Docker daemon broke: ${daemonWords(cause)}`, { cause })
  }
  signal?.throwIfAborted()
  if (rest.trim() !== '') yield JSON.parse(rest)
}
