import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The folder that holds `schema` and `scenarios`, and whether it is a checkout or the installed package. */
export function ownPlace(): { root: string; isCheckout: boolean } {
  const own = import.meta.url
  // The bundle of a checkout lies in node_modules/.chaos/CHECKSUM/dist.
  const up = own.endsWith('.cjs') ? '../../../..' : '../..'
  return { root: fileURLToPath(new URL(up, own)), isCheckout: !own.endsWith('.js') }
}

/** How chaos is called from the current folder: in a checkout by the launcher at its root, else undefined. */
export function launcher(): string | undefined {
  const { root, isCheckout } = ownPlace()
  if (!isCheckout) return undefined
  const path = relative(process.cwd(), `${root}/chaos`)
  return path.includes('/') ? path : `./${path}`
}

/**
 * The schema as editors find it from a folder, without blanks, which end it for them: that of the package where a project
 * has it, or of this checkout, each by a path that others have, too; else that of this chaos, wherever it is.
 * @param folder - its real path
 */
export function schemaSeenFrom(folder: string): string {
  const root = realpathSync(ownPlace().root)
  for (let at = folder; ; at = dirname(at)) {
    const installed = join(at, 'node_modules/chaos-envoy/schema/scenario.schema.json')
    if (existsSync(installed)) return withoutBlanks(relative(folder, installed), installed)
    if (dirname(at) === at) break
  }
  const own = join(root, 'schema/scenario.schema.json')
  return withoutBlanks(relative(root, folder).startsWith('..') ? own : relative(folder, own), own)
}

const withoutBlanks = (path: string, absolute: string) => (/^[!-~]+$/.test(path) ? path : pathToFileURL(absolute).href)
