import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

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
