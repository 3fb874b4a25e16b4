import { appendFileSync, statSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import type { ChaosError } from '../errors.ts'
import type { Warning } from '../prepare.ts'
import type { FinishedRun } from '../report/finished-run.ts'
import { type Annotation, errorAnnotations, problemAnnotation, runAnnotations, workflowCommand } from '../report/github.ts'
import { withinBytes } from '../report/markdown.ts'
import { markdownBlocks } from '../report/markdown-summary.ts'
import { tell } from '../terminal.ts'

/** GitHub drops the summary of a step that is larger, all of it. */
const MOST_BYTES = 1024 * 1024
/** So that the last run that does not fit can still say so. */
const RESERVED = 200
const CUT = '_Cut to fit the 1024 KiB of a job summary: `summary.md` among the results has the rest._'

/** What a job of GitHub Actions is told besides: annotations at the lines of the scenario, and a summary of the job. */
export interface GitHub {
  onRun(run: FinishedRun): void
  onError(error: ChaosError): void
  onWarning(warning: Warning): void
}

/** @returns undefined anywhere else */
export function gitHubOf(env: NodeJS.ProcessEnv): GitHub | undefined {
  if (env.GITHUB_ACTIONS !== 'true') return undefined
  const annotate = (annotations: readonly Annotation[]) => {
    for (const annotation of annotations) {
      const file = annotation.file === undefined ? {} : { file: inRepository(annotation.file, env.GITHUB_WORKSPACE) }
      process.stdout.write(`${workflowCommand({ ...annotation, ...file })}\n`)
    }
  }
  return {
    onRun(run) {
      annotate(runAnnotations(run))
      if (env.GITHUB_STEP_SUMMARY) summarise(run, env.GITHUB_STEP_SUMMARY)
    },
    onError: (error) => annotate(errorAnnotations(error)),
    onWarning: (warning) => annotate([problemAnnotation(warning, 'warning')]),
  }
}

/** The path by which GitHub knows the file; one elsewhere keeps its own. */
function inRepository(file: string, workspace: string | undefined): string {
  const path = workspace === undefined ? '..' : relative(workspace, resolve(file))
  return path === '' || path.startsWith('..') ? file : path.split(sep).join('/')
}

/** Adds to what the step has written already. Whatever becomes of it, it is no part of the run. */
function summarise(run: FinishedRun, path: string): void {
  try {
    const room = MOST_BYTES - (statSync(path, { throwIfNoEntry: false })?.size ?? 0) - 1
    const text = withinBytes(markdownBlocks(run), room - RESERVED, CUT) || withinBytes([CUT], room, '')
    appendFileSync(path, text === '' ? '' : `\n${text}`)
  } catch (error) {
    tell(process.stderr, `chaos: the summary of the job could not be written: ${(error as Error).message}\n`)
  }
}
