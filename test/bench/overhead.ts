import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../src/topology/ports.ts'
import { type Bench, type BenchWorld, median, type Row } from './bench.ts'
import { beyondLoad } from './beyond-load.ts'

const RUNS = 11
const LOAD_S = 1
const GOAL_S = 0.4
const AIM_S = 0.2

const HOST = '127.0.0.1'
const CHAOS = fileURLToPath(new URL('../../chaos', import.meta.url))
const BY_HAND = fileURLToPath(new URL('by-hand/', import.meta.url))

/** The same load: 100 requests a second to one stub behind one Envoy. */
const SCENARIO = `
name: overhead
upstreams: { shop: {} }
load: { rate: 100/s }
phases: [{ name: only, for: ${LOAD_S}s }]
expect: [{ p50: "<= 1m" }]
`

/**
 * What a run takes beyond its load: the start of everything, the end of everything, the evidence and the verdict. The
 * peer is a shell script that starts the same Envoy, a stub and a load in Node at once, and keeps nothing of what it saw.
 */
export const overhead: Bench = {
  name: 'overhead',
  async run(world): Promise<readonly Row[]> {
    const scenario = join(world.folder, 'overhead.yaml')
    writeFileSync(scenario, SCENARIO)
    const ours: number[] = []
    const byHand: number[] = []
    // By turns, so that a busy moment of the machine meets both. The first of each warms the caches.
    for (let i = 0; i <= RUNS; i++) {
      ours.push(await beyondLoad(CHAOS, ['run', scenario, '--out', join(world.folder, `out-${i}`)], LOAD_S))
      byHand.push(await beyondLoad('/bin/sh', [join(BY_HAND, 'run.sh')], LOAD_S, await handSettings(world)))
    }
    const [mine, theirs] = [median(ours.slice(1)), median(byHand.slice(1))]
    return [
      {
        what: `a run of ${LOAD_S} s beyond its load, median of ${RUNS}`,
        ours: `${mine.toFixed(2)} s`,
        peer: `${theirs.toFixed(2)} s (a script by hand)`,
        compared: `+${(mine - theirs).toFixed(2)} s`,
        goal: `<= ${GOAL_S.toFixed(2)} s (aim ${AIM_S.toFixed(2)} s)`,
        met: mine <= GOAL_S,
        figures: { ours_s: ours.slice(1), by_hand_s: byHand.slice(1) },
      },
    ]
  },
}

async function handSettings({ envoy, folder }: BenchWorld): Promise<NodeJS.ProcessEnv> {
  const [admin, listener, stub] = (await freePorts(HOST, 3)) as [number, number, number]
  const config = join(folder, 'by-hand.yaml')
  const ports: Record<string, number> = { ADMIN_PORT: admin, LISTENER_PORT: listener, STUB_PORT: stub }
  writeFileSync(
    config,
    readFileSync(join(BY_HAND, 'envoy.yaml'), 'utf8').replace(/\b[A-Z]+_PORT\b/g, (name) => String(ports[name])),
  )
  return {
    ENVOY: envoy,
    ENVOY_CONFIG: config,
    NODE: process.execPath,
    STUB_PORT: String(stub),
    LISTENER_PORT: String(listener),
    LOAD_MS: String(LOAD_S * 1000),
  }
}
