import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaos, judged, newFolder, writeScenario } from '../helpers/run.ts'

/** A checkout with a scenario below it, and the variables of a step of GitHub Actions. */
function checkout() {
  const workspace = newFolder()
  const summary = join(newFolder(), 'summary')
  writeFileSync(summary, 'an earlier line\n')
  const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: workspace, GITHUB_STEP_SUMMARY: summary }
  const folder = join(workspace, 'chaos tests')
  mkdirSync(folder)
  return { folder, summary, env }
}

const commands = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('::'))
const FAILING = ['{ phase: only, success_rate: ">= 90%" }', '{ phase: only, p50: "<= 1ms" }']
/** What GitHub takes of a step. */
const MOST_BYTES = 1024 * 1024

describe('in a job of GitHub Actions', () => {
  test('a failed claim is an annotation at its line, by the path in the repository, and the run is in the summary of the job', async () => {
    const { folder, summary, env } = checkout()
    const file = writeScenario(folder, { name: 'a,b', latency: '20ms', expect: FAILING })
    const { code, stdout } = await judged(['run', 'a,b.yaml', '-q'], { cwd: folder, env })
    expect(code).toBe(1)
    const line =
      readFileSync(file, 'utf8')
        .split('\n')
        .findIndex((each) => each.includes('p50')) + 1
    expect(commands(stdout)).toHaveLength(1)
    expect(commands(stdout)[0]).toMatch(
      new RegExp(`^::error file=chaos tests/a%2Cb\\.yaml,line=${line},col=\\d+,title=failed%3A only · p50::asked <= 1ms, seen 2.*ms%0A`),
    )
    const text = readFileSync(summary, 'utf8')
    expect(text.startsWith('an earlier line\n\n### ❌ FAIL: a,b')).toBe(true)
  })

  test('each problem of a scenario is one at its line and column, by run and by validate', async () => {
    const { folder, env } = checkout()
    const file = writeScenario(folder, { expect: ['{ phase: only, succes_rate: ">= 90%" }', '{ phase: onli, p50: "<= 1ms" }'] })
    const first =
      readFileSync(file, 'utf8')
        .split('\n')
        .findIndex((each) => each.includes('succes_rate')) + 1
    for (const verb of ['run', 'validate']) {
      const { code, stdout, stderr } = await chaos([verb, 'small.yaml'], { cwd: folder, env })
      expect(code).toBe(2)
      const places = commands(stdout).map((each) => /file=(.*?),line=(\d+),col=(\d+)/.exec(each)?.slice(1, 4) ?? [])
      expect(places.map(([file, line]) => `${file}:${line}`)).toEqual([first, first + 1].map((line) => `chaos tests/small.yaml:${line}`))
      // What stderr says is where the annotations are.
      for (const [, line, col] of places) expect(stderr).toContain(`small.yaml:${line}:${col}`)
    }
  })

  test('an app that prints commands, and then dies, gives the job none', async () => {
    const { folder, env } = checkout()
    const said = ['::error file=x::taken over', '   ::add-mask::e', '::stop-commands::abc', '\t::set-output name=a::b', 'so ##[add-mask]e']
    writeFileSync(join(folder, 'app.mjs'), `${said.map((line) => `console.log(${JSON.stringify(line)})`).join('\n')}\nprocess.exit(3)\n`)
    const file = writeScenario(folder)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, `${text}app: { command: ["\${chaos.node}", ./app.mjs] }\n`)
    const { code, stdout, stderr } = await chaos(['run', 'small.yaml'], { cwd: folder, env })
    expect(code).toBe(3)
    // All of it is told, and only what is ours begins a command.
    for (const word of ['taken over', 'add-mask', 'stop-commands', 'set-output']) expect(stdout).toContain(word)
    const lines = `${stdout}\n${stderr}`.split(/[\r\n]/)
    const begun = lines.filter((line) => line.trimStart().startsWith('::'))
    expect(begun).toHaveLength(1)
    expect(begun[0]).toMatch(/^::error file=chaos tests\/small\.yaml,line=1,title=error::/)
    expect(lines.filter((line) => line.includes('##[') && line !== begun[0])).toEqual([])
  })

  test('a summary that is nearly full takes what still fits, and says that it is cut', async () => {
    const { folder, summary, env } = checkout()
    // What room is left after the note that it is cut is too little for a run, whose table alone takes more.
    writeFileSync(summary, 'x'.repeat(MOST_BYTES - 700))
    writeScenario(folder, { expect: FAILING, latency: '20ms' })
    expect(await judged(['run', 'small.yaml', '-q'], { cwd: folder, env })).toMatchObject({ code: 1 })
    const added = readFileSync(summary, 'utf8').slice(MOST_BYTES - 700)
    expect(added).toContain('### ❌ FAIL: small')
    expect(added).toContain('_Cut to fit the 1024 KiB')
    expect(added).not.toContain('<sub>')
    expect(statSync(summary).size).toBeLessThanOrEqual(MOST_BYTES)
  })

  test('a summary that cannot be written is told, and changes nothing about the run', async () => {
    const { folder, env } = checkout()
    writeScenario(folder)
    const { code, stderr } = await judged(['run', 'small.yaml', '-q'], {
      cwd: folder,
      env: { ...env, GITHUB_STEP_SUMMARY: '/nowhere/at/all' },
    })
    expect(code).toBe(0)
    expect(stderr).toContain('the summary of the job could not be written')
  })
})

test('anywhere else there are no workflow commands', async () => {
  const { stdout } = await chaos(['run', writeScenario(newFolder(), { expect: ['{ phase: onli, p50: "<= 1ms" }'] })])
  expect(commands(stdout)).toEqual([])
})
