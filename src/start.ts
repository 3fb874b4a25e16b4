import { readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { EXIT } from './errors.ts'
import { keepCompiledCode, leaveHeapAlone } from './lean-heap.ts'

/*
 * Starts the bundled chaos with the code that V8 made of it in an earlier run, which lies beside it. Node's own cache
 * holds only what is compiled before anything runs; this one holds every function that a whole run has called.
 */

const program = join(import.meta.dirname, 'chaos.cjs')
const codeFile = join(import.meta.dirname, 'chaos.v8')

stayForToday()
const code = readCode()
// Else a long run would leave little of what every start calls.
if (!code) keepCompiledCode()
const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(program, 'utf8')}\n})`, {
  filename: program,
  ...(code && { cachedData: code }),
})
// V8 takes no code that another version of it has made.
if ((!code || script.cachedDataRejected) && process.argv[2] === 'run') process.on('exit', keepCode)
const made = {} as typeof import('./main.ts')
script.runInThisContext()(made, createRequire(program), { exports: made }, program, dirname(program))
void made.main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})

/** Whoever makes another bundle takes away those that were not started for a day; a run starts further programs of its own. */
function stayForToday(): void {
  const now = new Date()
  try {
    utimesSync(dirname(import.meta.dirname), now, now)
  } catch {
    // Where that cannot be written, nothing can be taken away either.
  }
}

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
    writeFileSync(staging, script.createCachedData(), { flush: true })
    renameSync(staging, codeFile)
  } catch {
    // Where it cannot be kept, each start takes a little longer.
    rmSync(staging, { force: true })
  }
}
