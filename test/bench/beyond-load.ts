import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** @returns s from the start of the command to its end, less the `loadS` of its load. @throws when it fails */
export async function beyondLoad(command: string, args: readonly string[], loadS: number, env: NodeJS.ProcessEnv = {}): Promise<number> {
  const begun = performance.now()
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text
    })
  }
  const [code] = await once(child, 'close')
  // Inconclusive is what a run on a busy machine may be; it took its time all the same.
  if (code !== 0 && code !== 4) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}`)
  return (performance.now() - begun) / 1000 - loadS
}
