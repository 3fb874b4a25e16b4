import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newFolder, ROOT } from '../helpers/run.ts'

/** Starting a daemon is left to CI on a machine that has none: a second one would take the network rules of the first. */
function dockerUp(verb: string, folder: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, '.ci/docker-up'), [verb, folder], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

test('a daemon that DOCKER_HOST names is left to whoever named it', () => {
  const folder = newFolder()
  expect(dockerUp('start', folder, { DOCKER_HOST: 'unix:///nowhere.sock' })).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(readdirSync(folder)).toEqual([])
})

test('what was not started is not ended', async () => {
  const folder = newFolder()
  expect(dockerUp('stop', folder)).toEqual({ status: 0, stdout: '', stderr: '' })
  // The number of a daemon that is gone, which another program has by now.
  const other = spawn('sleep', ['60'])
  try {
    writeFileSync(join(folder, 'started'), `${other.pid}\n`)
    expect(dockerUp('stop', folder)).toEqual({ status: 0, stdout: '', stderr: '' })
    expect([other.exitCode, other.signalCode]).toEqual([null, null])
    expect(existsSync(join(folder, 'started'))).toBe(false)
  } finally {
    other.kill('SIGKILL')
    await once(other, 'exit')
  }
})

test('another verb is refused', () => {
  expect(dockerUp('restart', newFolder())).toMatchObject({ status: 2, stderr: 'docker-up: restart is neither start nor stop\n' })
})
