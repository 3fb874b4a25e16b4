import { existsSync, lstatSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import {
  type AnsweredApp,
  type Answers,
  checkTogether,
  readCommand,
  readImage,
  readPath,
  readPort,
  readUpstream,
  withRespond,
} from '../init/answers.ts'
import { type CiJob, type CiSystem, ciSystemOf, ciText, USUAL_FILE } from '../init/ci-text.ts'
import { scenarioText } from '../init/scenario-text.ts'
import { prepare } from '../prepare.ts'
import { commandLine } from '../report/command-line.ts'
import { renderWarning } from '../report/errors.ts'
import { printable } from '../report/layout.ts'
import { draftIn } from '../scenario/read.ts'
import { tell, terminalOf } from '../terminal.ts'
import { writing } from '../topology/disk.ts'
import { show } from '../value/show.ts'
import { writeWhole } from '../write-whole.ts'
import { askAnswers, Cancelled } from './dialogue.ts'
import { launcher, schemaSeenFrom } from './own-place.ts'

export interface InitFlags {
  app?: string[]
  appImage?: string
  appBuild?: string
  port?: string
  path?: string
  upstream?: string[]
  respond?: string[]
  out: string
  ci?: string
  force?: boolean
  color: boolean
}

/**
 * Writes a first scenario, and where it is asked for a job of CI that runs it.
 * @throws ChaosError `badInput` before anything is written; `environment` where a file cannot be
 */
export async function initCommand(flags: InitFlags): Promise<ExitCode> {
  const { out, ci } = flags
  checkScenarioFile(out)
  const system = ci === undefined ? undefined : systemOf(ci)
  if (ci !== undefined && resolve(ci) === resolve(out)) throw bad(`--out and --ci are both ${show(out)}`)
  for (const path of ci === undefined ? [out] : [out, ci]) if (!flags.force) refuseExisting(path)

  const answers = await answersOf(flags)
  if (answers === undefined) {
    tell(process.stderr, 'chaos: nothing was written\n')
    return EXIT.interrupted
  }
  const folder = realFolder(dirname(resolve(out)))
  const program = commandLine([launcher() ?? 'chaos'])
  const place = { schema: schemaSeenFrom(folder), file: commandLine([out]) }
  const text = scenarioText(seenFrom(folder, answers), place)
  checkText(text, out, folder)

  const job = jobOf(out, answers)
  write(out, text, flags.force)
  if (ci !== undefined && system !== undefined) write(ci, ciText(system, job), flags.force)

  const look = terminalOf(process.stderr, flags.color)
  const { lacking, warnings } = prepare(out, { path: process.env.PATH })
  for (const warning of lacking ? [lacking, ...warnings] : warnings) tell(process.stderr, `${renderWarning(warning, look)}\n\n`)
  tell(process.stdout, `${told(`${program} run ${place.file}`, answers, out, ci, job)}\n`)
  return EXIT.pass
}

/** @returns undefined where the user thought better of it */
async function answersOf(flags: InitFlags): Promise<Answers | undefined> {
  const app = appOf(flags)
  if (app === undefined && flags.path !== undefined)
    throw bad(
      '--path is what the app is asked for, and there is no app',
      'give --app, --app-image or --app-build; without one, --upstream NAME=/path',
    )
  if (flags.upstream !== undefined) {
    const of = { app: app !== undefined, alone: flags.upstream.length === 1 }
    return responding({ app, upstreams: flags.upstream.map((one) => readUpstream(one, of)) }, flags)
  }
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw bad(
      'which services are called? Nothing says so, and there is no terminal to ask on',
      'give --upstream NAME for each; such as --app "node ./shop.mjs" --upstream inventory=INVENTORY_URL (chaos init --help)',
    )
  const look = terminalOf(process.stderr, flags.color)
  const answers = await askAnswers({ app, hasPath: flags.path !== undefined }, look).catch((error: unknown) => {
    if (error instanceof Cancelled) return undefined
    throw error
  })
  return answers && responding(answers, flags)
}

function responding(answers: Answers, { respond = [] }: InitFlags): Answers {
  checkTogether(answers)
  const { app } = answers
  return { app, upstreams: respond.reduce((upstreams, one) => withRespond(upstreams, one, app !== undefined), answers.upstreams) }
}

function appOf({ app, appImage, appBuild, port, path = '/' }: InitFlags): AnsweredApp | undefined {
  const given = { port: port === undefined ? undefined : readPort(port), path: readPath(path) }
  if (app !== undefined) return { runs: { command: readCommand(app) }, ...given }
  if (appImage === undefined && appBuild === undefined) {
    if (port !== undefined) throw bad('--port is where the app listens, and there is no app', 'give --app, --app-image or --app-build')
    return undefined
  }
  if (given.port === undefined)
    throw bad('--port is missing: a container is asked at a port that is known before', 'give the port that it listens on: --port 8080')
  return { runs: appImage === undefined ? { build: appBuild as string } : { image: readImage(appImage) }, ...given }
}

function checkScenarioFile(path: string): void {
  if (printable(path) !== path) throw bad(`--out ${show(path)} holds characters that no line can show`)
  if (!/[^/]\.ya?ml$/i.test(path))
    throw bad(`expected a file that ends in .yaml as --out, got ${show(path)}`, `did you mean ${path.replace(/[/.]+$/, '')}.yaml?`)
}

function systemOf(path: string): CiSystem {
  const system = ciSystemOf(resolve(path))
  if (system === undefined || printable(path) !== path)
    throw bad(
      `nothing tells for which CI ${show(path)} is`,
      `name a workflow of GitHub, such as ${USUAL_FILE.GitHub}, or a file of GitLab, such as ${USUAL_FILE.GitLab}`,
    )
  return system
}

function refuseExisting(path: string): void {
  const found = writing(path, () => lstatSync(path, { throwIfNoEntry: false }))
  if (found === undefined) return
  if (found.isDirectory()) throw bad(`${show(path)} is a folder`, 'name a file')
  const another = ciSystemOf(resolve(path)) === 'GitLab' ? ', such as chaos.gitlab-ci.yml, and include that' : ' with --out or --ci'
  throw bad(`${show(path)} is there already, and was left as it is`, `name another file${another}; or replace it with --force`)
}

/** Of a folder that need not be there yet. */
function realFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? realpathSync(path) : join(realFolder(dirname(path)), relative(dirname(path), path))
}

/** The app starts in the folder of the scenario: files of the current one have another path from there. */
function seenFrom(folder: string, { app, upstreams }: Answers): Answers {
  if (app !== undefined && 'build' in app.runs) {
    const path = relative(folder, resolve(app.runs.build)) || '.'
    return { app: { ...app, runs: { build: path.startsWith('.') ? path : `./${path}` } }, upstreams }
  }
  if (app === undefined || !('command' in app.runs) || folder === realpathSync('.')) return { app, upstreams }
  const command = app.runs.command.map((word) => {
    if (word.startsWith('/') || !/[/.]/.test(word) || !lstatSync(word, { throwIfNoEntry: false })?.isFile()) return word
    const path = relative(folder, resolve(word))
    return path.startsWith('.') ? path : `./${path}`
  })
  return { app: { ...app, runs: { command } }, upstreams }
}

/** What only the whole of it shows: a script that is not there, an unknown placeholder. */
function checkText(text: string, file: string, folder: string): void {
  const { problems } = draftIn(text, file, folder)
  const [first, ...others] = problems
  if (first === undefined) return
  throw new ChaosError('badInput', first.message, {
    detail: others.map(({ message }) => message),
    ...(first.hint === undefined ? {} : { hint: first.hint }),
  })
}

function jobOf(out: string, { app }: Answers): CiJob {
  const here = realpathSync('.')
  const repository = repositoryOf(here)
  const file = relative(here, join(realFolder(dirname(resolve(out))), relative(dirname(resolve(out)), resolve(out))))
  return { run: ['run', file], folder: relative(repository, here) || '.', docker: app !== undefined && !('command' in app.runs) }
}

function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return folder
  }
}

function write(path: string, text: string, force = false): void {
  writing(path, () => mkdirSync(dirname(path), { recursive: true }))
  if (force) writeWhole(path, text)
  else writing(path, () => writeNew(path, text))
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(path, { force: true })
    throw error
  }
}

function told(run: string, { app, upstreams }: Answers, out: string, ci: string | undefined, job: CiJob): string {
  const repository = repositoryOf(realpathSync('.'))
  const found = (Object.keys(USUAL_FILE) as CiSystem[]).filter((each) =>
    existsSync(join(repository, each === 'GitHub' ? '.github' : USUAL_FILE.GitLab)),
  )
  const hasOwn = upstreams.some(({ respond }) => respond !== undefined)
  const systems = found.length > 0 ? found : (Object.keys(USUAL_FILE) as CiSystem[])
  return [
    `wrote ${out}: a first scenario, which passes as it is${
      app === undefined
        ? '. Read it, then'
        : `\nwhere the app answers GET ${app.path} with 200 while ${hasOwn ? 'its upstreams answer what respond says' : 'each of its upstreams answers 200 with {}'}.\nPut in what it needs (load.requests, respond), then`
    }`,
    '',
    `  ${run}`,
    ...(ci === undefined
      ? systems.flatMap((each) => [
          '',
          `For CI, in ${USUAL_FILE[each]} (--ci ${USUAL_FILE[each]} writes it):`,
          '',
          ciText(each, job).trimEnd(),
        ])
      : ['', `wrote ${printable(ci)}, which runs it in CI`]),
  ].join('\n')
}

const bad = (message: string, hint?: string) => new ChaosError('badInput', message, hint === undefined ? {} : { hint })
