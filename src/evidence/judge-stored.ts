import { whatHappened } from '../happened/happened.ts'
import type { Observations } from '../observe/observations.ts'
import { observe, type RawEvidence } from '../observe/observe.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import type { Ended, FinishedRun } from '../report/finished-run.ts'
import { urlVariable } from '../scenario/check-app.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { listed } from '../value/show.ts'
import { judge } from '../verdict/judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { StoredRun } from './stored-run.ts'

/** Judges a run from its evidence: the way of every verdict, right after the run and at any time later. */
export function judgeStored(
  stored: StoredRun,
  place: Pick<FinishedRun, 'id' | 'directory'>,
  { scenario, plan, prediction }: Pick<FinishedRun, 'scenario' | 'plan' | 'prediction'>,
  raw: RawEvidence | null,
): FinishedRun {
  const observations = raw && observe(plan, raw)
  // All of it stands in the records now, and a long run has no room for both.
  raw?.client.clear()
  // Where nothing was played nothing is judged: a claim each without data would bury the one reason there is.
  const verdict: Verdict = observations ? judge(scenario, plan, observations) : { status: 'error', outcomes: [] }
  const ended = stored.end === null ? KILLED : stored.end.ended
  const isPast =
    !isStraight(plan) && observations?.records.every((record) => record.calls.length === 0) === true && observations.foreignCalls === 0
  return {
    ...place,
    chaosVersion: stored.chaos_version,
    scenario,
    plan,
    prediction,
    observations,
    verdict: ended ? { ...verdict, status: 'error' } : verdict,
    happened: whatHappened({ scenario, plan, observations, verdict }),
    ended,
    startedAt: stored.started_at,
    loadFrom: raw?.client.startedAt ?? null,
    durationMs: stored.end?.duration_ms ?? 0,
    loadMs: observations?.phases.at(-1)?.to ?? 0,
    runtime: stored.runtime,
    envoy: stored.end?.envoy ?? null,
    // An app, or a target of the user's own, may not call Envoy at all.
    warnings: [
      ...stored.warnings,
      ...(stored.end?.warnings ?? []),
      ...(isPast ? [pastEnvoy(scenario)] : neverCalled(scenario, plan, observations)),
      ...(observations?.notes ?? []),
    ],
    command: stored.command,
  }
}

function pastEnvoy({ app, upstreams }: Scenario): string {
  const told = 'no request came through Envoy: what the client saw is judged, but nothing of policy or faults was in play'
  if (app === undefined) return told
  return `${told}; does the app call ${listed(Object.keys(upstreams).map(urlVariable))}, which its environment tells it?`
}

/** Upstreams of an app to which nothing came though others were called: it may have called something else in their place. */
function neverCalled({ app, upstreams }: Scenario, plan: Plan, observations: Observations | null): string[] {
  if (app === undefined || isStraight(plan) || observations === null || observations.foreignCalls > 0) return []
  const called = new Set<string | null>()
  for (const { calls } of observations.records) for (const { egress } of calls) called.add(egress.cluster)
  const missed = Object.keys(upstreams).filter((name) => !called.has(name))
  if (called.size === 0 || missed.length === 0) return []
  return [
    `no call of the app came to ${listed(missed, 'or')} in the whole run; if it made any, they went elsewhere: does it heed ${listed(missed.map(urlVariable), 'and')}, which its environment tells it?`,
  ]
}

const KILLED: Ended = {
  by: 'environment',
  message: 'the run was cut short: its evidence has no end, so chaos was killed while it ran, or is still running',
  hint: 'what was stored until then is shown; for a verdict run it again',
  detail: [],
}
