import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { ChaosError, type ExitCode } from '../errors.ts'
import { judgeStored } from '../evidence/judge-stored.ts'
import { planShape } from '../evidence/plan-shape.ts'
import { otherExperiment } from '../evidence/same-experiment.ts'
import type { StoredRun } from '../evidence/stored-run.ts'
import { restoreScenario } from '../evidence/stored-scenario.ts'
import { compilePlan } from '../plan/compile.ts'
import { predict } from '../predict/predict.ts'
import { type Prepared, prepare } from '../prepare.ts'
import type { FinishedRun } from '../report/finished-run.ts'
import { renderSummary } from '../report/summary.ts'
import { inOrder } from '../scenario/parse.ts'
import { checkLogs, readStored, withEvidence } from '../stored-evidence.ts'
import { tell, terminalOf } from '../terminal.ts'
import { writing } from '../topology/disk.ts'
import { REPORTS, writeReports } from '../write-reports.ts'
import { exitCodeOf } from './run.ts'

export interface ReportFlags {
  scenario?: string
  out?: string
  write?: boolean
  color: boolean
}

/** Judges a run again, by its own expectations or by others, and says what `chaos run` would have said. */
export function reportCommand(directory: string, flags: ReportFlags): ExitCode {
  if (flags.out !== undefined) checkOut(flags.out)
  const run = rejudge(directory, flags.scenario)
  if (flags.write) writeReports(directory, run)
  if (flags.out !== undefined) {
    const { out } = flags
    writing(out, () => mkdirSync(out, { recursive: true }))
    writeReports(out, run)
  }
  tell(process.stdout, `${renderSummary(run, terminalOf(process.stdout, flags.color))}\n`)
  return exitCodeOf(run)
}

/**
 * @param file - the scenario to judge it by; its own where none is given
 * @throws ChaosError where there is no sound evidence, or that of another experiment
 */
export function rejudge(directory: string, file?: string): FinishedRun {
  const stored = readStored(directory)
  checkLogs(directory, stored)
  const recorded = restore(stored)
  const asked = file === undefined ? recorded : preparedAlike(file, stored, recorded)
  const place = { id: basename(resolve(directory)), directory }
  return withEvidence(directory, stored, recorded.plan, (raw) =>
    judgeStored({ ...stored, warnings: [...asked.warnings] }, place, asked, raw),
  )
}

type Judged = Pick<Prepared, 'scenario' | 'plan' | 'prediction'> & { warnings: readonly string[] }

function restore(stored: StoredRun): Judged {
  const scenario = restoreScenario(stored.scenario, stored.seed)
  const plan = compilePlan(scenario)
  if (planShape(plan) !== stored.plan) {
    throw new ChaosError(
      'badInput',
      `this version of chaos plans the scenario of the run in another way than chaos ${stored.chaos_version} did`,
      {
        hint: 'judge it with the version it was run with',
      },
    )
  }
  return { scenario, plan, prediction: predict(scenario, plan), warnings: stored.warnings }
}

function preparedAlike(file: string, stored: StoredRun, recorded: Judged): Judged {
  const { target } = recorded.plan.load
  const { warnings, ...prepared } = prepare(file, {
    seed: stored.seed,
    ...(target === undefined ? {} : { allowTarget: new URL(target).hostname }),
  })
  const problems = otherExperiment(stored, recorded.scenario, prepared.scenario)
  if (problems.length > 0) {
    throw new ChaosError('badInput', `${file} is another experiment than the run`, {
      problems: inOrder(file, problems),
      hint: 'only name, description and expect may differ: of anything else the evidence of the run says nothing',
    })
  }
  return { ...prepared, warnings: warnings.map(({ line, message }) => `line ${line}: ${message}`) }
}

/** Reports of another judgement are replaced; anything else is somebody's. */
function checkOut(out: string): void {
  const others = existsSync(out) && statSync(out).isDirectory() ? readdirSync(out).filter((name) => !REPORTS.includes(name)) : []
  if (others.length > 0) {
    throw new ChaosError('badInput', `--out ${out} holds files that are not reports (${others.slice(0, 3).join(', ')})`, {
      hint: 'name a new folder, or an empty one; --write writes into the folder of the run',
    })
  }
}
