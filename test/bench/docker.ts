import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectDaemon } from '../../src/containers/daemon.ts'
import { findImages } from '../../src/containers/images.ts'
import { ChaosError } from '../../src/errors.ts'
import { freePorts } from '../../src/topology/ports.ts'
import { type Bench, type BenchWorld, median, type Row } from './bench.ts'
import { beyondLoad } from './beyond-load.ts'

const RUNS = 7
const LOAD_S = 1
const GOAL_S = 2
const AIM_S = 1.3

const CHAOS = fileURLToPath(new URL('../../chaos', import.meta.url))
const BY_HAND = fileURLToPath(new URL('by-hand/', import.meta.url))

/** One Envoy and two stubs, each in its container. */
const SCENARIO = `
name: overhead in Docker
upstreams: { shop: {}, till: {} }
envoy:
  routes:
    - { match: { prefix: /till }, cluster: till }
    - { match: { prefix: / }, cluster: shop }
load: { rate: 100/s }
phases: [{ name: only, for: ${LOAD_S}s }]
expect: [{ p50: "<= 1m" }]
`

/**
 * What a run in containers takes beyond its load. The peer is a shell script that does with the docker command what has
 * to be done: a network, two stubs and an Envoy from the same images, a load, and the removal of all; it keeps nothing of
 * what it saw.
 */
export const docker: Bench = {
  name: 'docker',
  async run(world): Promise<readonly Row[]> {
    const images = await imagesOrWord(world)
    if (images === undefined) return []
    const scenario = join(world.folder, 'docker.yaml')
    writeFileSync(scenario, SCENARIO)
    const ours: number[] = []
    const byHand: number[] = []
    // By turns, so that a busy moment of the machine meets both. The first of each warms the caches.
    for (let i = 0; i <= RUNS; i++) {
      ours.push(await beyondLoad(CHAOS, ['run', scenario, '--runtime', 'docker', '--out', join(world.folder, `out-${i}`)], LOAD_S))
      byHand.push(await beyondLoad('/bin/sh', [join(BY_HAND, 'docker.sh')], LOAD_S, await handSettings(images)))
    }
    const [mine, theirs] = [median(ours.slice(1)), median(byHand.slice(1))]
    return [
      {
        what: `a run of ${LOAD_S} s in Docker beyond its load, median of ${RUNS}`,
        ours: `${mine.toFixed(2)} s`,
        peer: `${theirs.toFixed(2)} s (a script with the docker command)`,
        compared: `${(mine / theirs).toFixed(2)} x`,
        goal: `<= ${GOAL_S.toFixed(1)} s (aim ${AIM_S.toFixed(1)} s)`,
        met: mine <= GOAL_S,
        figures: { ours_s: ours.slice(1), by_hand_s: byHand.slice(1) },
      },
    ]
  },
}

async function imagesOrWord({ say }: BenchWorld) {
  try {
    return await findImages(await connectDaemon(process.env), { env: process.env, onProgress: say })
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    say(`docker is left out: ${error.message}`)
    return undefined
  }
}

async function handSettings({ envoy, node }: { envoy: string; node: string }): Promise<NodeJS.ProcessEnv> {
  const [port] = await freePorts('127.0.0.1', 1)
  return {
    ENVOY_IMAGE: envoy,
    NODE_IMAGE: node,
    NODE: process.execPath,
    LISTENER_PORT: String(port),
    LOAD_MS: String(LOAD_S * 1000),
  }
}
