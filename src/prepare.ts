import { ChaosError, type Problem } from './errors.ts'
import { compilePlan } from './plan/compile.ts'
import type { Plan } from './plan/plan.ts'
import { frame } from './scenario/frame.ts'
import { readScenario } from './scenario/read.ts'
import { requestsOf, routeOf } from './scenario/routing.ts'
import type { Scenario } from './scenario/scenario.ts'
import { undecidable } from './verdict/decidable.ts'

/** A scenario that is ready to run: sound, planned, and with claims that its load can decide. */
export interface Prepared {
  scenario: Scenario
  plan: Plan
}

export interface PrepareOptions {
  /** In place of the scenario's own. */
  seed?: number
  /** A host that load may go to although the run does not start it and it is not this machine. */
  allowTarget?: string
}

/** Everything that can be found wrong before something starts. @throws ChaosError `badInput` with all problems of the file. */
export function prepare(file: string, options: PrepareOptions): Prepared {
  const read = readScenario(file)
  const scenario: Scenario = options.seed === undefined ? read : { ...read, seed: options.seed }
  const plan = compilePlan(scenario)
  const kinds = requestsOf(scenario)
  const clusterOf = (index: number) => {
    const kind = kinds[index]
    return kind && plan.load.target === undefined ? routeOf(scenario, kind) : undefined
  }
  const findings = [...refuseTarget(scenario, options.allowTarget), ...undecidable(scenario, plan, clusterOf)]
  if (findings.length > 0) {
    const problems = findings.map(({ path, message, hint }): Problem => {
      const { line, col } = scenario.locate(path)
      const source = scenario.text.split(/\r\n|\r|\n/)[line - 1] ?? ''
      return { file, line, col, message, frame: frame(source, line, col), ...(hint === undefined ? {} : { hint }) }
    })
    throw new ChaosError('badInput', `${file} cannot be run as it is`, { problems })
  }
  return { scenario, plan }
}

/** Load and faults go only to what the run itself started, or to this machine. */
function refuseTarget(scenario: Scenario, allowed: string | undefined) {
  const { target } = scenario.load
  if (target === undefined) return []
  const host = new URL(target).hostname
  if (host === allowed || isLoopback(host)) return []
  return [
    {
      path: ['load', 'target'],
      message: `load.target ${host} is neither started by this run nor this machine`,
      hint: `if it is yours to load, say so with --allow-target ${host}`,
    },
  ]
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
