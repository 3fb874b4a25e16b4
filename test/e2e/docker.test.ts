import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RUN_LABEL } from '../../src/containers/run-network.ts'
import { daemon, needsDocker } from '../helpers/docker.ts'
import { judged, newFolder, ROOT, readResults } from '../helpers/run.ts'

const skip = await needsDocker()

/** A run that was starved is repeated up to three times. */
test.skipIf(skip)('a run in containers gives a verdict from the same evidence, and leaves nothing', { timeout: 180_000 }, async () => {
  const out = newFolder()
  const { code, stdout } = await judged(['run', join(ROOT, 'scenarios/quickstart.yaml'), '--runtime', 'docker', '--out', out])
  expect(stdout).toContain('(docker); Envoy 1.40.0 (image)')
  expect(code).toBe(0)
  expect(readResults(out)).toMatchObject({ runtime: 'docker', status: 'pass' })
  expect(await left()).toEqual([])
})

/** What runs of chaos have in the daemon. */
async function left(): Promise<string[]> {
  const { dockerode } = daemon()
  const filters = { label: [RUN_LABEL] }
  const [containers, networks] = await Promise.all([dockerode.listContainers({ all: true, filters }), dockerode.listNetworks({ filters })])
  return [...containers, ...networks].map(({ Id }) => Id)
}
