import { fileURLToPath } from 'node:url'

/** argv of a program of chaos that runs as a process of its own. In a bundle it lies beside us as one file; else it is .ts, or .js in the package. */
export function programOf(name: 'upstream' | 'runner'): string[] {
  const own = import.meta.url
  const path = own.endsWith('.cjs') ? `./${name}.cjs` : `./${name}/main${own.endsWith('.ts') ? '.ts' : '.js'}`
  // Node 22 warns about type stripping.
  return [process.execPath, '--disable-warning=ExperimentalWarning', fileURLToPath(new URL(path, own))]
}
