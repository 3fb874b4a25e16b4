#!/usr/bin/env node
import { EXIT } from './errors.ts'
import { tooOld } from './node-version.ts'

const refusal = tooOld(process.versions.node)
if (refusal !== undefined) {
  process.stderr.write(refusal)
  process.exit(EXIT.environment)
}
// Not before: what it loads may need the newer Node, and would say so in its own words.
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
