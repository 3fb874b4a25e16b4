import type { Scenario } from '../scenario/scenario.ts'
import { planApp } from './app.ts'
import { isChoosing, withChosen } from './choose.ts'
import { planContainers } from './containers.ts'
import { planFaults } from './faults.ts'
import { planLoad, timesOf } from './load.ts'
import type { OpenLoad, Plan, PlannedFault, PlannedPhase, RunsLoad } from './plan.ts'
import { planPolicy } from './policy.ts'
import { planRequests } from './requests.ts'
import { planStubs } from './stubs.ts'

/** Decides everything that can be decided before something is started. The same scenario and seed give the same plan. */
export function compilePlan(scenario: Scenario): Plan {
  const faults = planFaults(scenario)
  const phases: PlannedPhase[] = []
  let from: number = scenario.load.warmup ?? 0
  for (const [index, phase] of scenario.phases.entries()) {
    const to = from + (scenario.app?.run === undefined ? phase.for : timesOf(scenario.app))
    phases.push({ name: phase.name, from, to, faults: faults.flatMap((fault, i) => (fault.phase === index ? [i] : [])) })
    from = to
  }
  const load = planLoad(scenario)
  return {
    seed: scenario.seed,
    stubs: planStubs(scenario, faults),
    containers: planContainers(scenario),
    app: planApp(scenario),
    phases,
    requests: planRequests(scenario),
    load,
    faults: load.kind === 'closed' ? faults : chosenIn(scenario, phases, faults, load),
    policy: planPolicy(scenario),
  }
}

/** The faults, those that choose their requests with these. */
function chosenIn(
  scenario: Scenario,
  phases: readonly PlannedPhase[],
  faults: readonly PlannedFault[],
  load: OpenLoad | RunsLoad,
): PlannedFault[] {
  let bit = 0
  return faults.map((fault) => {
    const phase = phases[fault.phase] as PlannedPhase
    const asked = scenario.phases[fault.phase]?.faults[fault.place]
    return asked !== undefined && isChoosing(asked) ? withChosen(scenario, asked, fault, phase, load, bit++) : fault
  })
}
