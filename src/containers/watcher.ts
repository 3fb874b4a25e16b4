import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { programOf } from '../program.ts'

/**
 * A small shell holds one end of a pipe, of which we hold the other. When we are gone (`kill -9` included) the pipe ends
 * without a word, and the shell becomes the sweeper, which is not loaded before it is needed.
 */
const WATCH = 'read -r _ || exec "$@"'

export interface Watcher {
  /** Ends it; resolves when it is gone. To be called when nothing of the run is left. */
  release(): Promise<void>
}

/**
 * Sees to it that all is removed that a run makes in Docker, when this process ends before it has done so: from this
 * moment on, which the reaper in its container takes half a second to say.
 * @param env - names the daemon
 */
export function watchRun(run: string, env: NodeJS.ProcessEnv): Watcher {
  // A session of its own: Ctrl-C, and a terminal that closes, are not meant for it.
  const child = spawn('/bin/sh', ['-c', WATCH, 'chaos-watcher', ...programOf('sweeper'), run], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env,
  })
  // Where it cannot be started, or is killed, the reaper is left.
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  // It is no reason for us to stay.
  child.unref()
  const pipe = child.stdin as unknown as Socket
  pipe.unref()
  return {
    async release() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      const gone = once(child, 'exit')
      child.stdin.end('done\n')
      await gone
    },
  }
}
