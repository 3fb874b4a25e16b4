import { once } from 'node:events'
import { spawnGuarded } from './guard.ts'

export interface ToolResult {
  /** As a shell gives it: 127 where the program was not found, 128 + n where signal n ended it. */
  exitCode: number
  /** stdout and stderr, the last 100,000 characters. */
  output: string
}

const KEPT_CHARACTERS = 100_000
const NOT_FOUND = 127

/**
 * Runs a short-lived program to its end, under a guard. On `signal` it is killed with its descendants, and the reason
 * thrown only when they are gone: what it was writing to can then be removed.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  { env, cwd, signal }: { env?: NodeJS.ProcessEnv; cwd?: string; signal?: AbortSignal | undefined },
): Promise<ToolResult> {
  signal?.throwIfAborted()
  let output = ''
  const guarded = spawnGuarded([command, ...args], { stdout: 'pipe', stderr: 'pipe', ...(env ? { env } : {}), ...(cwd ? { cwd } : {}) })
  for (const stream of [guarded.process.stdout, guarded.process.stderr]) {
    stream?.on('data', (text) => {
      output = (output + text).slice(-KEPT_CHARACTERS)
    })
  }
  let killed: Promise<void> | undefined
  const kill = () => {
    killed = guarded.stop()
  }
  signal?.addEventListener('abort', kill, { once: true })
  try {
    await once(guarded.process, 'close')
  } finally {
    signal?.removeEventListener('abort', kill)
  }
  await killed
  signal?.throwIfAborted()
  const exitCode = await guarded.exited
  if (exitCode === NOT_FOUND) output += `\n${command}, or a program that it starts, was not found (ENOENT)`
  return { exitCode, output }
}

/** The last lines of a program's output, as evidence in an error. */
export function lastLines(output: string, count = 12): string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
}
