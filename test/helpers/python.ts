import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, withStagingFolder } from '../../src/topology/cache.ts'
import { runTool } from '../../src/topology/tool.ts'
import { ROOT } from './run.ts'

/** Of the example apps, and of tests. */
const LISTS = { apps: join(ROOT, 'scenarios/apps/requirements.txt'), tests: join(ROOT, 'test/requirements.txt') }

/**
 * The environment in which the example apps, or tests, in Python find their libraries. These are fetched once, into the cache, by pip
 * and with their checksums. Where they cannot be had that is a failure: a run without its app has tested nothing.
 */
export async function withPythonLibraries(of: keyof typeof LISTS = 'apps'): Promise<{ PYTHONPATH: string }> {
  const list = LISTS[of]
  const { output: version } = await python(['--version'])
  const checksum = createHash('sha256').update(readFileSync(list)).update(version).digest('hex').slice(0, 16)
  const cache = cacheDir(process.env)
  const folder = join(cache, `python-${checksum}`)
  if (!existsSync(folder))
    await withStagingFolder(cache, async (staging) => {
      const target = join(staging, 'libraries')
      await mkdir(target)
      // No venv, which Debian's python3 does not have; whatever else is needed is in the list.
      const { output, exitCode } = await python([
        ...['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:'],
        ...['--target', target, '--requirement', list],
      ])
      if (exitCode !== 0) throw new Error(`pip could not install ${list}:\n${output}`)
      await rename(target, folder).catch((error) => {
        // Another test run was first.
        if (!existsSync(folder)) throw error
      })
    })
  return { PYTHONPATH: folder }
}

const python = (args: readonly string[]) => runTool('python3', args, {})
