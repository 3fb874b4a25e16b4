import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { EXIT } from './errors.ts'
import { leaveHeapAlone } from './lean-heap.ts'

/*
 * Starts the bundled chaos with the code that V8 made of it in an earlier run, which lies beside it. Node's own cache
 * holds only what is compiled before anything runs; this one holds every function that a whole run has called.
 */

const program = join(import.meta.dirname, 'chaos.cjs')
const codeFile = join(import.meta.dirname, 'chaos.v8')

const code = readCode()
const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(program, 'utf8')}\n})`, {
  filename: program,
  ...(code && { cachedData: code }),
})
// V8 takes no code that another version of it has made.
if ((!code || script.cachedDataRejected) && process.argv[2] === 'run') process.on('exit', keepCode)
const made: Partial<typeof import('./main.ts')> = {}
script.runInThisContext()(made, createRequire(program), { exports: made }, program, dirname(program))
void made.main?.(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})

function readCode(): Buffer | undefined {
  try {
    return readFileSync(codeFile)
  } catch {
    return undefined
  }
}

/** V8 trusts what it reads, so the file is whole on the disk before it has its name. */
function keepCode(exitCode: number): void {
  const ranToItsEnd = exitCode === EXIT.pass || exitCode === EXIT.expectationFailed || exitCode === EXIT.inconclusive
  if (!ranToItsEnd) return
  // V8 takes only code that was made under the flags that it has at the start.
  leaveHeapAlone()
  const staging = `${codeFile}.${process.pid}`
  try {
    const file = openSync(staging, 'w')
    writeSync(file, script.createCachedData())
    fsyncSync(file)
    closeSync(file)
    renameSync(staging, codeFile)
  } catch {
    // Where it cannot be kept, each start takes a little longer.
    rmSync(staging, { force: true })
  }
}
