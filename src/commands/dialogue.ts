import { on } from 'node:events'
import { createInterface } from 'node:readline'
import { ChaosError } from '../errors.ts'
import {
  type AnsweredApp,
  type AnsweredUpstream,
  type Answers,
  checkTogether,
  readCommand,
  readImage,
  readPath,
  readPort,
  readUpstream,
} from '../init/answers.ts'
import { renderError } from '../report/errors.ts'
import type { Look } from '../report/paper.ts'
import { urlVariable } from '../scenario/check-app.ts'
import { tell } from '../terminal.ts'

/** Ctrl-C, or Ctrl-D, in place of an answer. */
export class Cancelled extends Error {}

/** Puts a question, again while `read` throws a ChaosError. */
type Ask = <T>(question: string, read: (answer: string) => T, usual?: string) => Promise<T>

/**
 * Asks on the terminal for what was not given.
 * @throws Cancelled
 */
export async function askAnswers(given: { app: AnsweredApp | undefined; hasPath: boolean }, look: Look): Promise<Answers> {
  const stopped = new AbortController()
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  lines.on('SIGINT', () => stopped.abort())
  lines.on('close', () => stopped.abort())
  // Also those that are typed, or pasted, before they are asked for.
  const typed = on(lines, 'line', { signal: stopped.signal })
  const ask: Ask = async (question, read, usual = '') => {
    for (;;) {
      lines.setPrompt(`${question}${usual === '' ? '' : ` [${usual}]`}: `)
      lines.prompt()
      const [answer] = (await typed.next()).value as [string]
      try {
        return read(answer.trim() || usual)
      } catch (error) {
        if (!(error instanceof ChaosError)) throw error
        tell(process.stderr, `${renderError(error, look)}\n`)
      }
    }
  }
  try {
    const app = given.app === undefined ? await askApp(ask) : given.hasPath ? given.app : { ...given.app, path: await askPath(ask) }
    return { app, upstreams: await askUpstreams(ask, app) }
  } catch (error) {
    if (!stopped.signal.aborted) throw error
    tell(process.stderr, '\n')
    throw new Cancelled()
  } finally {
    lines.close()
  }
}

async function askApp(ask: Ask): Promise<AnsweredApp | undefined> {
  tell(process.stderr, 'What is tested?\n  1  an app that a command starts on this machine\n  2  an app in an image (needs Docker)\n')
  tell(process.stderr, '  3  the policy of Envoy alone\n')
  const kind = await ask('1, 2 or 3', oneOf('1', '2', '3'), '1')
  if (kind === '3') return undefined
  if (kind === '2') {
    const image = await ask('Its image', readImage)
    return { runs: { image }, port: await ask('The port that it listens on', readPort, '8080'), path: await askPath(ask) }
  }
  const command = await ask('Its command, such as node ./shop.mjs', (answer) => readCommand([answer]))
  const port = await ask('The port that it listens on (empty: it reads PORT)', (answer) => (answer === '' ? undefined : readPort(answer)))
  return { runs: { command }, port, path: await askPath(ask) }
}

const askPath = (ask: Ask) => ask('A path that it answers with 200', readPath, '/')

async function askUpstreams(ask: Ask, app: AnsweredApp | undefined): Promise<AnsweredUpstream[]> {
  const question = app === undefined ? 'The clusters of Envoy, with blanks between' : 'The services that it calls, with blanks between'
  const names = await ask(question, (answer) => namesIn(answer, app !== undefined), 'inventory')
  const upstreams: AnsweredUpstream[] = []
  for (const name of names) {
    const of = { app: app !== undefined, alone: names.length === 1 }
    const [how, usual] =
      app === undefined
        ? [`How the paths begin that go to ${name}`, of.alone ? '/' : `/${name}`]
        : [`The variable by which the app learns the address of ${name}, or the http:// address that is built in`, urlVariable(name)]
    upstreams.push(
      await ask(
        how,
        (answer) => {
          const upstream = readUpstream(`${name}=${answer}`, of)
          checkTogether({ app, upstreams: [...upstreams, upstream] })
          return upstream
        },
        usual,
      ),
    )
  }
  return upstreams
}

function namesIn(answer: string, app: boolean): string[] {
  const upstreams = answer.split(/[\s,]+/).map((name) => readUpstream(name.replaceAll('=', '-'), { app, alone: false }))
  checkTogether({ app: undefined, upstreams: upstreams.map(({ name }) => ({ name, by: { prefix: '/' } })) })
  return upstreams.map(({ name }) => name)
}

const oneOf =
  (...known: readonly string[]) =>
  (answer: string) => {
    if (known.includes(answer)) return answer
    throw new ChaosError('badInput', `expected ${known.join(', ')}, got ${JSON.stringify(answer)}`)
  }
