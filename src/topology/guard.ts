import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs a program that cannot outlive us, whatever kills us.
 *
 * A small shell is the leader of a process group of its own, and its watcher holds one end of a pipe, of which we hold
 * the other. When we are gone (`kill -9` included) the pipe ends, and the watcher kills the whole group: the program,
 * all its descendants, the shell, itself. To stop the program, SIGTERM goes to the shell, which kills the program and
 * waits for it before it kills the rest: a container may have no init that would reap it. SIGUSR1 is handed on to the
 * program as SIGTERM; a trap ends `wait`, hence the loop.
 * @see test/e2e/kill.test.ts
 */
const GUARD = [
  'exec 3<&0 </dev/null',
  '(read -r _ <&3; kill -9 0) & watcher=$!',
  '"$@" 3<&- & program=$!',
  "trap 'kill -9 $program $watcher; wait; kill -9 0' TERM",
  "trap 'kill -TERM $program' USR1",
  'while wait $program 2>/dev/null; code=$?; kill -0 $program 2>/dev/null; do :; done',
  'exit $code',
].join('\n')

export interface Guarded {
  readonly process: ChildProcess
  /** Resolves when the program has ended: its exit code, 128 + n for signal n. */
  readonly exited: Promise<number>
  /** Kills the program and its descendants at once; resolves when they are gone. */
  stop(): Promise<void>
  /** Sends the program SIGTERM, and kills it with its descendants when it has ended, or `withinMs` later. */
  end(withinMs: number): Promise<void>
}

/**
 * @param stdio - where the program's stdout and stderr go: a file descriptor, or a pipe
 * @param command - program and arguments; they are handed over as they are, no shell reads them
 */
export function spawnGuarded(
  command: readonly string[],
  options: { stdout: number | 'pipe'; stderr: number | 'pipe'; env?: NodeJS.ProcessEnv; cwd?: string },
): Guarded {
  const child = spawn('/bin/sh', ['-c', GUARD, 'chaos-guard', ...command], {
    stdio: ['pipe', options.stdout, options.stderr],
    detached: true,
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  })
  // The pipe only ever ends; an error on it (the guard died first) is the end, too.
  child.stdin?.on('error', () => {})
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      // The watcher inside the guard waits for the end of the pipe: let it go, with whatever the program left behind.
      child.stdin?.destroy()
      resolve(code ?? (signal === 'SIGKILL' ? 137 : 128))
    })
  })
  exited.catch(() => {})
  const isGone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  const guarded: Guarded = {
    process: child,
    exited,
    async stop() {
      if (isGone() || child.pid === undefined) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      const late = await Promise.race([gone.then(() => false), sleep(1000, true, { ref: false })])
      if (late) {
        // Only if the guard itself was stopped or broken: the group is still ours to end.
        process.kill(-child.pid, 'SIGKILL')
        await gone
      }
    },
    async end(withinMs) {
      if (isGone() || child.pid === undefined) return
      const gone = once(child, 'exit')
      child.kill('SIGUSR1')
      await Promise.race([gone, sleep(withinMs, undefined, { ref: false })])
      await guarded.stop()
      killGroup(child.pid)
    },
  }
  return guarded
}

/** What a program that ended by itself has left behind. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nothing is left of it.
  }
}
