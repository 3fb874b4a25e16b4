import { fileURLToPath } from 'node:url'

/*
 * Where parts of chaos lie that are not imported: as sources and in the package in folders beside this file, .ts or .js; in
 * a bundle each program is one file beside the one that we are in.
 */
const own = import.meta.url
const isBundle = own.endsWith('.cjs')

/** The file of a program of chaos that runs as a process of its own. */
export function programFile(name: 'upstream' | 'runner' | 'sweeper'): string {
  return fileURLToPath(new URL(isBundle ? `./${name}.cjs` : `./${name}/main${own.endsWith('.ts') ? '.ts' : '.js'}`, own))
}

/** argv of such a program. */
export function programOf(name: 'upstream' | 'runner' | 'sweeper'): string[] {
  // Node 22 warns about type stripping.
  return [process.execPath, '--disable-warning=ExperimentalWarning', programFile(name)]
}

/** The folder of an image of ours, with its Dockerfile. */
export function imageFolder(name: 'base' | 'envoy' | 'node' | 'reaper' | 'stub'): string {
  return fileURLToPath(new URL(`../docker/${name}`, own))
}
