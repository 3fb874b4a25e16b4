import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import { SMALL } from './example.ts'

let root: string
const at = (...parts: string[]) => join(root, ...parts)
const withSamples = (path: string) => SMALL.replace('stock: {}', `stock: { latency: { samples: ${JSON.stringify(path)} } }`)

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'chaos-read-'))
  mkdirSync(at('project', 'scenarios'), { recursive: true })
  mkdirSync(at('project', '.git'))
  writeFileSync(at('outside.txt'), '1\n')
  writeFileSync(at('project', 'samples.txt'), '\ufeff# ms\n\n1\r\n2.5\n')
  symlinkSync(at('outside.txt'), at('project', 'link.txt'))
  symlinkSync(at('project', 'round.txt'), at('project', 'round.txt'))
})
afterAll(() => rmSync(root, { recursive: true }))

function refusal(file: string): string[] {
  try {
    readScenario(file)
  } catch (error) {
    if (error instanceof ChaosError && error.kind === 'badInput')
      return error.problems.length > 0 ? error.problems.map(({ message }) => message) : [error.message]
    throw error
  }
  return []
}

function write(text: string | Uint8Array): string {
  writeFileSync(at('project', 'scenarios', 's.yaml'), text)
  return at('project', 'scenarios', 's.yaml')
}

describe('the scenario file', () => {
  test('is named as the user named it', () => expect(readScenario(write(SMALL)).file).toBe(at('project', 'scenarios', 's.yaml')))

  test('that is not there', () => expect(refusal(at('nowhere.yaml'))).toEqual([`"${at('nowhere.yaml')}" does not exist`]))
  test('that is a folder', () => expect(refusal(root)).toEqual([`"${root}" is a folder, not a file`]))
  test('that is a folder, with what is meant instead', () =>
    expect(() => readScenario(root)).toThrow(expect.objectContaining({ hint: `scenario files are meant, such as ${at('*.yaml')}` })))
  test('below a file', () => expect(refusal(at('outside.txt', 's.yaml'))[0]).toContain('a part of the path is a file'))
  test('that is a device', () => expect(refusal('/dev/null')[0]).toContain('is a device, pipe or socket, not a file'))
  test('with a NUL in its name', () => expect(refusal('a\0b')).toEqual(['"a\\u0000b" is not a path']))
  test('that is not UTF-8', () => expect(refusal(write(Uint8Array.of(0x6e, 0xff, 0x80)))[0]).toContain('is not text in UTF-8'))
  test('in UTF-16', () => expect(refusal(write(Buffer.from(`\ufeff${SMALL}`, 'utf16le')))[0]).toContain('it looks like UTF-16'))
  test('that is larger than a scenario can be', () =>
    expect(refusal(write('#'.repeat((1 << 20) + 1)))[0]).toContain('expected at most 1024 KiB'))
})

describe('a file of samples', () => {
  test('is found from the scenario, anywhere in the project', () =>
    expect(readScenario(write(withSamples('../samples.txt'))).samples).toEqual({ stock: [1, 2.5] }))

  test.each(['../../outside.txt', '../link.txt', '/etc/hostname', '../../project', '..'])('outside of the project is refused: %s', (path) =>
    expect(refusal(write(withSamples(path)))).toEqual([
      expect.stringContaining('upstreams.stock.latency.samples: expected a file below the project folder'),
    ]),
  )

  test('that is not there is said at its key', () =>
    expect(refusal(write(withSamples('./no.txt')))).toEqual(['upstreams.stock.latency.samples: "./no.txt" does not exist']))
  test('that is a folder is said at its key', () =>
    expect(refusal(write(withSamples('../scenarios')))).toEqual([expect.stringContaining('is a folder')]))
  test('that is a link to itself', () =>
    expect(refusal(write(withSamples('../round.txt')))).toEqual([expect.stringContaining('leads round in a circle')]))

  test('without a number in it', () => {
    writeFileSync(at('project', 'scenarios', 'none.txt'), '# nothing\n')
    expect(refusal(write(withSamples('none.txt')))).toEqual(['expected one number of ms a line, got 2 lines without a number'])
  })

  test('without a project, stays in the folder of the scenario', () => {
    mkdirSync(at('alone'), { recursive: true })
    writeFileSync(at('alone', 's.yaml'), withSamples('../outside.txt'))
    // Whatever stands above the temporary folder could be a project; then this says nothing.
    expect(refusal(at('alone', 's.yaml'))[0]).toContain(`below the project folder ${at('alone')}`)
  })
})

describe('the program of an app', () => {
  const withApp = (command: string) => SMALL.replace('envoy:\n', `app: { command: ${command} }\nenvoy:\n`)
  beforeAll(() => {
    writeFileSync(at('project', 'scenarios', 'plain.sh'), 'true\n')
    writeFileSync(at('project', 'scenarios', 'ready.sh'), '#!/bin/sh\n', { mode: 0o755 })
  })

  test.each([
    '[./ready.sh]',
    '[node, ready.sh]',
    '[sh, plain.sh]',
    '[../scenarios/ready.sh]',
    '[no-such-program, x.mjs]',
    '[node, -e, x.mjs]',
    '[/bin/sh, x.sh]',
  ])('%s may be run, as far as the files of the project go', (command) => expect(refusal(write(withApp(command)))).toEqual([]))

  test.each([
    ['[./no.sh]', 'app.command[0]: "./no.sh" does not exist'],
    ['[bin/shop]', 'app.command[0]: "bin/shop" does not exist'],
    ['[./plain.sh]', 'app.command[0]: "./plain.sh" cannot be executed'],
    ['[node, shop.mjs]', 'app.command[1]: "shop.mjs" does not exist'],
    ['[python3, ./shop.py]', 'app.command[1]: "./shop.py" does not exist'],
  ])('%s may not: %s', (command, problem) => expect(refusal(write(withApp(command)))).toEqual([problem]))
})
