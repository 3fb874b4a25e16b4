import { spawn } from 'node:child_process'

export interface ToolResult {
  /** Undefined where the program was ended by a signal or could not be started. */
  exitCode: number | undefined
  /** stdout and stderr, the last 100,000 characters. */
  output: string
}

const KEPT_CHARACTERS = 100_000

/**
 * Runs a short-lived program to its end, without a shell. On `signal` it is killed, and the reason thrown only when it
 * is gone: what it was writing to can then be removed.
 */
export function runTool(
  command: string,
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
): Promise<ToolResult> {
  signal?.throwIfAborted()
  return new Promise((done, fail) => {
    let output = ''
    let notStarted: string | undefined
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = () => child.kill('SIGKILL')
    signal?.addEventListener('abort', kill, { once: true })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output = (output + text).slice(-KEPT_CHARACTERS)
      })
    }
    child.on('error', (error) => {
      notStarted = error.message
    })
    child.on('close', (exitCode) => {
      signal?.removeEventListener('abort', kill)
      if (signal?.aborted) fail(signal.reason)
      else if (notStarted !== undefined) done({ exitCode: undefined, output: notStarted })
      else done({ exitCode: exitCode ?? undefined, output })
    })
  })
}

/** The last lines of a program's output, as evidence in an error. */
export function lastLines(output: string, count = 12): string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
}
