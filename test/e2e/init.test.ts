import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { needs } from '../helpers/needs.ts'
import { chaos, chaosProgram, judged, MACHINE_LAG_MS, newFolder, ROOT, STACK_TRACE, until } from '../helpers/run.ts'
import { Terminal } from '../helpers/terminal.ts'

const shopIn = (folder: string) => writeFileSync(join(folder, 'shop.mjs'), readFileSync(join(ROOT, 'test/fixtures/apps/shop.mjs')))
const filesIn = (folder: string) => readdirSync(folder, { recursive: true }).sort()
const SCHEMA = `# yaml-language-server: $schema=${join(ROOT, 'schema/scenario.schema.json')}\n`

/** A scenario of 13 s, and again while the machine is too busy for a verdict. */
const LIMIT_MS = 90_000

/** Writes it, finds nothing to warn of, and runs it as it is, or with something replaced. */
async function ends(folder: string, args: readonly string[], replaced: readonly [string, string] = ['', '']) {
  expect(await chaos(['init', ...args], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  const file = join(folder, 'chaos.yaml')
  expect(await chaos(['validate', 'chaos.yaml'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  const text = readFileSync(file, 'utf8')
  expect(text.startsWith(SCHEMA)).toBe(true)
  writeFileSync(file, text.replace(replaced[0], replaced[1]))
  return await judged(['run', 'chaos.yaml', '--quiet', '--out', 'out'], { cwd: folder })
}

const noPython = spawnSync('python3', ['--version']).status === 0 ? undefined : 'python3'

/** Each run is 12 s of some 100 requests a second, of which a machine has room for two at once; a verdict that it had none for is made again. */
describe.concurrent('what it writes, run as it is or with one change,', () => {
  test('in an empty folder, a name is enough for a scenario that passes as it is', { timeout: LIMIT_MS }, async () => {
    const folder = newFolder()
    const { code, stdout } = await ends(folder, ['--upstream', 'inventory'])
    expect(stdout).toMatch(/^PASS callers do not notice that one in ten tries at inventory fails: 6 passed$/m)
    expect(code).toBe(0)
  })

  test('with several clusters, routed by their paths, too', { timeout: LIMIT_MS }, async () => {
    const { stdout } = await ends(newFolder(), ['--upstream', 'inventory=/items', '--upstream', 'users', '--upstream', 'rest=/'])
    expect(stdout).toMatch(/^PASS /m)
  })

  test.each([
    ['num_retries: 0', ['num_retries: 2', 'num_retries: 0'], 1, /✗ failing · success_rate/],
    ['delay: 800ms', ['abort: 503, percent', 'delay: 800ms, percent'], 0, /per_try_timeout \(500ms\) cut \d+ attempts/],
    ['percent: 60', ['percent: 10', 'percent: 60'], 1, /✗ failing · success_rate/],
  ] as const)('what its last comments promise is so: %s', { timeout: LIMIT_MS }, async (_, replaced, code, said) => {
    const finished = await ends(newFolder(), ['--upstream', 'inventory'], replaced)
    expect(finished).toMatchObject({ code, stdout: expect.stringMatching(said) })
  })

  test.each([
    ['passes', ['', ''], 0, /^PASS .*: 3 passed$/m],
    ['without retries, its callers see what fails', ['num_retries: 2', 'num_retries: 0'], 1, /✗ failing · success_rate/],
  ] as const)('an app that hands on no id: %s', { timeout: LIMIT_MS }, async (_, replaced, code, said) => {
    const folder = newFolder()
    shopIn(folder)
    const finished = await ends(folder, ['--app', 'node ./shop.mjs', '--upstream', 'inventory', '--path', '/items/42'], replaced)
    expect(finished).toMatchObject({ code, stdout: expect.stringMatching(said) })
  })

  test('one that hands it on passes with the claims on Envoy, too, which stand there as a comment', { timeout: LIMIT_MS }, async () => {
    const folder = newFolder()
    shopIn(folder)
    const args = ['--app', 'node', './shop.mjs', 'first', '--upstream', 'inventory', '--upstream', 'users=USERS', '--path', '/items/42']
    // As words of the shell, none of which may look like an option.
    await chaos(['init', ...args], { cwd: folder })
    const text = readFileSync(join(folder, 'chaos.yaml'), 'utf8')
    expect(parse(text).app.command).toEqual(['node', './shop.mjs', 'first'])
    writeFileSync(join(folder, 'chaos.yaml'), text.replace('first]', '--forward, x-request-id]').replace('# - { phase', '- { phase'))
    const { stdout } = await judged(['run', 'chaos.yaml', '--quiet', '--out', 'out'], { cwd: folder })
    expect(stdout).toMatch(/^PASS .*: 5 passed$/m)
  })

  test.skipIf(needs('python3', noPython))('an app with an address built in passes through its proxy', { timeout: LIMIT_MS }, async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'shop.py'), readFileSync(join(ROOT, 'test/fixtures/apps/shop.py')))
    const args = ['--app', 'python3 shop.py', '--upstream', 'inventory=http://inventory', '--path', '/items/42']
    expect(await ends(folder, args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^PASS /m) })
  })

  test('an app passes whose upstreams answer what it needs', { timeout: LIMIT_MS }, async () => {
    const folder = newFolder()
    // Each of its upstreams answers 404 or something else than {}: of that it makes 200.
    shopIn(folder)
    const app = ['--app', 'node ./shop.mjs --fallback', '--path', '/items/42']
    const upstreams = [
      '--upstream',
      'inventory',
      '--upstream',
      'users',
      '--respond',
      'users=404',
      '--respond',
      'inventory={"stock": [3, "é\u2028"]}',
    ]
    const { stdout } = await ends(folder, [...app, ...upstreams])
    expect(stdout).toMatch(/^PASS /m)
    const { inventory, users } = parse(readFileSync(join(folder, 'chaos.yaml'), 'utf8')).upstreams
    expect([inventory.respond, users.respond]).toEqual([{ status: 200, json: { stock: [3, 'é\u2028'] } }, { status: 404 }])
  })
})

test('an image needs its port, and its scenario is sound', async () => {
  const folder = newFolder()
  const args = ['init', '--app-image', 'registry.example/shop:1.4', '--upstream', 'inventory']
  expect(await chaos(args, { cwd: folder })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--port is missing') })
  expect(filesIn(folder)).toEqual([])
  expect(await chaos([...args, '--port', '8080'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  expect(await chaos(['validate', 'chaos.yaml'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  expect(parse(readFileSync(join(folder, 'chaos.yaml'), 'utf8')).app).toMatchObject({ image: 'registry.example/shop:1.4', port: 8080 })
})

test.each([
  [['--upstream', 'a', '--respond', 'b={}'], /there is no upstream "b" to respond\n {2}hint: known: a/],
  [['--upstream', 'a', '--respond', 'a={x}'], /expected JSON or a status as what a responds, got "\{x\}"/],
  [['--upstream', 'a', '--respond', 'a'], /hint: write a=\{"stock":3\}, or a=404/],
  [['--upstream', 'a', '--respond', 'a=404'], /from 200 to 399, got 404\n {2}hint: a is well in the baseline/],
  [['--upstream', 'a', '--respond', 'a=1', '--respond', 'a=2'], /what a responds is given twice/],
  [['--upstream', 'a', '--app-build', './shop'], /--port is missing/],
  [['--upstream', 'a', '--app-build', './shop', '--port', '80'], /"\.\/shop" does not exist/],
  [['--upstream', 'a', '--app-build', '.', '--port', '80'], /there is no Dockerfile in "\."/],
  [['--upstream', 'a', '--app-build', '.', '--app-image', 'b', '--port', '80'], /cannot be used with/],
  [[], /there is no terminal to ask on\n {2}hint: give --upstream NAME/],
  [['--upstream', 'my service!'], /got "my service!"\n {2}hint: did you mean "my-service"\?/],
  [['--upstream', 'a\nevil: true'], /hint: did you mean "a-evil-true"\?/],
  [['--upstream', 'a=/x', '--path', '/y'], /--path is what the app is asked for/],
  [['--upstream', 'a', '--port', '80'], /there is no app/],
  [['--upstream', 'a', '--app', 'node x.mjs', '--app-image', 'b'], /cannot be used with/],
  [['--upstream', 'a', '--app', 'node ./shpo.mjs'], /app\.command\[1\]: "\.\/shpo\.mjs" does not exist/],
  [['--upstream', 'a', '--app', 'node ../shop.mjs'], /expected a file below the project folder/],
  [['--upstream', 'a', '--app', `serve \${clusters.b.url}`], /unknown placeholder/],
  [['--upstream', 'a', '--app', 'a | b'], /no shell reads the command/],
  [['--upstream', 'my-db', '--upstream', 'my_db', '--app', 'sleep 1'], /the variable MY_DB_URL is given twice/],
  [['--upstream', 'a=/x', '--upstream', 'b=/x'], /no request reaches this route/],
  [['--upstream', 'a', '--out', 'chaos'], /ends in \.yaml.*\n {2}hint: did you mean chaos\.yaml\?/],
  [['--upstream', 'a', '--out', 'x\ny.yaml'], /--out "x\\ny\.yaml" holds characters/],
  [['--upstream', 'a', '--out', 'there'], /ends in \.yaml/],
  [['--upstream', 'a', '--out', 'there/folder.yaml'], /is a folder/],
  [['--upstream', 'a', '--out', 'there/file.yaml'], /is there already, and was left as it is/],
  [['--upstream', 'a', '--ci', 'ci.yml'], /for which CI "ci\.yml" is\n {2}hint: name a workflow of GitHub, such as \.github/],
  [
    ['--upstream', 'a', '--ci', '.gitlab-ci.yml'],
    /"\.gitlab-ci\.yml" is there already.*\n {2}hint: name another file, such as chaos\.gitlab-ci\.yml/,
  ],
  [['--upstream', 'a', '--out', 'x.gitlab-ci.yml', '--ci', './x.gitlab-ci.yml'], /--out and --ci are both/],
  [['--upstrem', 'a'], /Did you mean --upstream\?/],
])('%j is refused, and nothing is written', async (args, stderr) => {
  const folder = newFolder()
  mkdirSync(join(folder, 'there/folder.yaml'), { recursive: true })
  for (const file of ['there/file.yaml', '.gitlab-ci.yml', 'shop.mjs']) writeFileSync(join(folder, file), 'mine')
  const before = filesIn(folder)
  const finished = await chaos(['init', ...args], { cwd: folder })
  expect(finished).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(stderr) })
  expect(finished.stderr).not.toMatch(STACK_TRACE)
  expect(filesIn(folder)).toEqual(before)
  for (const file of ['there/file.yaml', '.gitlab-ci.yml']) expect(readFileSync(join(folder, file), 'utf8')).toBe('mine')
})

test('a program that this machine does not have is a warning', async () => {
  const folder = newFolder()
  const { code, stderr } = await chaos(['init', '--upstream', 'a', '--app', 'no-such-program-here'], { cwd: folder })
  expect([code, filesIn(folder)]).toEqual([0, ['chaos.yaml']])
  expect(stderr).toMatch(/^chaos\.yaml:\d+:\d+: warning: app\.command\[0\]: there is no program "no-such-program-here" on PATH\n/)
})

test('only --force replaces a file', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'chaos.yaml'), 'mine')
  expect(await chaos(['init', '--upstream', 'a', '--force'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  expect(filesIn(folder)).toEqual(['chaos.yaml'])
  expect(await chaos(['validate', 'chaos.yaml'], { cwd: folder })).toMatchObject({ code: 0 })
})

test('the job of CI is shown, or written where it is asked for, and says where it is run', async () => {
  const repository = newFolder()
  const folder = join(repository, 'services/shop')
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(repository, '.git'))
  const shown = await chaos(['init', '--upstream', 'a'], { cwd: folder })
  expect(shown.stdout).toMatch(/^wrote chaos\.yaml: .*\n\n {2}\S*chaos run chaos\.yaml\n/)
  expect(shown.stdout).toContain('working-directory: services/shop')
  expect(shown.stdout).toContain('For CI, in .gitlab-ci.yml')

  // A project that has one of them already uses that.
  writeFileSync(join(repository, '.gitlab-ci.yml'), '')
  const one = await chaos(['init', '--upstream', 'a', '--force'], { cwd: folder })
  expect(one.stdout).toContain('.gitlab-ci.yml')
  expect(one.stdout).not.toContain('GitHub')

  const ci = '../../.github/workflows/chaos.yml'
  const written = await chaos(['init', '--upstream', 'a', '--out', 'chaos/first.yaml', '--ci', ci], { cwd: folder })
  expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining(`wrote ${ci}`) })
  const { steps, defaults } = parse(readFileSync(join(folder, ci), 'utf8')).jobs.chaos
  expect(defaults.run).toEqual({ 'working-directory': 'services/shop' })
  expect(steps.at(-2).run).toBe('npx --no -- chaos run chaos/first.yaml --out chaos-results')
})

test('in another folder, the files of the app are named from there, and the schema of an installed chaos is taken', async () => {
  const project = newFolder()
  shopIn(project)
  writeFileSync(join(project, 'package.json'), '{}')
  const schema = join(project, 'node_modules/chaos-envoy/schema')
  mkdirSync(schema, { recursive: true })
  writeFileSync(join(schema, 'scenario.schema.json'), '{}')
  const args = ['init', '--upstream', 'inventory', '--app', 'node shop.mjs', '--out', 'tests/chaos/first.yaml']
  expect(await chaos(args, { cwd: project })).toMatchObject({ code: 0, stderr: '' })
  const text = readFileSync(join(project, 'tests/chaos/first.yaml'), 'utf8')
  expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=../../node_modules/chaos-envoy/schema/scenario.schema.json')
  expect(parse(text).app.command).toEqual(['node', '../../shop.mjs'])
  expect(await chaos(['validate', 'tests/chaos/first.yaml'], { cwd: project })).toMatchObject({ code: 0, stderr: '' })
})

test('within a checkout the schema is that of the checkout, by a path that others have, too', async () => {
  const folder = join(ROOT, 'scenarios')
  const out = relative(folder, join(newFolder(), 'x.yaml'))
  await chaos(['init', '--upstream', 'a', '--out', out], { cwd: folder })
  expect(readFileSync(join(folder, out), 'utf8').startsWith(SCHEMA)).toBe(true)
  const inside = join(ROOT, 'node_modules/.chaos-init-test.yaml')
  try {
    await chaos(['init', '--upstream', 'a', '--out', inside, '--force'])
    expect(readFileSync(inside, 'utf8')).toMatch(/^# yaml-language-server: \$schema=\.\.\/schema\/scenario\.schema\.json\n/)
  } finally {
    spawnSync('rm', ['-f', inside])
  }
})

const noTerminal = spawnSync('script', ['--version']).status === 0 ? undefined : 'script, of util-linux'

/** Gives each answer when its question stands on the terminal. */
async function dialogue(folder: string, args: readonly string[], answers: readonly [question: RegExp, answer: string][]) {
  const command = [chaosProgram, 'init', ...args].map((word) => `'${word}'`).join(' ')
  const { CI: _, FORCE_COLOR: __, ...inherited } = process.env
  const child = spawn('script', ['-qfec', `stty cols 100 rows 40; exec ${command}`, '/dev/null'], {
    cwd: folder,
    env: { ...inherited, CHAOS_ENVOY: inject('envoy'), TERM: 'xterm', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const terminal = new Terminal()
  child.stdout.setEncoding('utf8').on('data', (text) => terminal.write(text))
  const ended = once(child, 'close')
  const seen = () => terminal.lines.join('\n')
  let answered = 0
  for (const [question, answer] of answers) {
    await until(String(question), () => terminal.lines.length > answered && question.test(terminal.lines.at(-1) ?? ''), MACHINE_LAG_MS)
    answered = terminal.lines.length
    child.stdin.write(answer)
  }
  const [code] = await ended
  return { code, seen: seen() }
}

describe.skipIf(needs('a terminal', noTerminal))('on a terminal', () => {
  test('what is not given is asked for, again where the answer is none, and the usual answer is an empty one', async () => {
    const folder = newFolder()
    shopIn(folder)
    const { code, seen } = await dialogue(
      folder,
      [],
      [
        [/1, 2 or 3 \[1\]:$/, 'x\r'],
        [/1, 2 or 3 \[1\]:$/, '\r'],
        [/Its command.*:$/, 'cd x && node y\r'],
        [/Its command.*:$/, 'node ./shop.mjs\r'],
        [/The port.*:$/, '99999\r'],
        [/The port.*:$/, '\r'],
        [/A path .*\[\/\]:$/, 'items\r'],
        [/A path .*\[\/\]:$/, '/items/42\r'],
        [/The services.*\[inventory\]:$/, 'inventory users!\r'],
        [/The services.*\[inventory\]:$/, 'inventory users\r'],
        [/address of inventory.*\[INVENTORY_URL\]:$/, '\r'],
        [/address of users.*\[USERS_URL\]:$/, 'INVENTORY_URL\r'],
        [/address of users.*\[USERS_URL\]:$/, 'WHO\r'],
      ],
    )
    expect(code).toBe(0)
    for (const said of [
      'expected 1, 2, 3',
      'no shell reads',
      'from 1 to 65535',
      'did you mean "/items"?',
      'did you mean "users"?',
      'is given twice',
    ])
      expect(seen).toContain(said)
    const { app, upstreams, load } = parse(readFileSync(join(folder, 'chaos.yaml'), 'utf8'))
    expect(app).toEqual({
      command: ['node', './shop.mjs'],
      env: { INVENTORY_URL: `\${clusters.inventory.url}`, WHO: `\${clusters.users.url}` },
    })
    expect([Object.keys(upstreams), load.requests]).toEqual([['inventory', 'users'], [{ GET: '/items/42' }]])
    expect(await chaos(['validate', 'chaos.yaml'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  })

  test('the policy of Envoy alone takes two answers, and what was given is not asked for', async () => {
    const folder = newFolder()
    const policy = await dialogue(
      folder,
      [],
      [
        [/1, 2 or 3 \[1\]:$/, '3\r'],
        [/The clusters.*:$/, 'a\r'],
        [/How the paths begin.*\[\/\]:$/, '\r'],
      ],
    )
    expect(policy.code).toBe(0)
    const app = await dialogue(
      folder,
      ['--app', 'sleep 1', '--path', '/x', '--out', 'app.yaml'],
      [
        [/The services.*:$/, '\r'],
        [/address of inventory.*:$/, 'http://stock:81\r'],
      ],
    )
    expect(app.code).toBe(0)
    expect(parse(readFileSync(join(folder, 'app.yaml'), 'utf8'))).toMatchObject({
      upstreams: { inventory: { hosts: ['stock:81'] } },
      app: { proxy: true },
    })
  })

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s leaves nothing written: exit 130', async (_, key) => {
    const folder = newFolder()
    const { code, seen } = await dialogue(
      folder,
      [],
      [
        [/1, 2 or 3 \[1\]:$/, '1\r'],
        [/Its command.*:$/, key],
      ],
    )
    expect(code).toBe(130)
    expect(seen).toContain('chaos: nothing was written')
    expect(seen).not.toMatch(STACK_TRACE)
    expect(existsSync(join(folder, 'chaos.yaml'))).toBe(false)
  })

  test('a file that is there is told of before anything is asked', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'chaos.yaml'), 'mine')
    const { code, seen } = await dialogue(folder, [], [])
    expect([code, seen]).toEqual([2, expect.stringContaining('is there already')])
  })
})
