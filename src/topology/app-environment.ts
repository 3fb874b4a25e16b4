import type { Address, Addresses } from '../envoy/addresses.ts'
import { LOOPBACK_HOSTS, type PlannedApp } from '../plan/plan.ts'
import { fillIn, OWN_NODE } from '../scenario/placeholders.ts'

/** The command and the environment of an app, when all addresses are known. */
export function tellApp<T extends string | undefined>(
  app: PlannedApp,
  address: Address,
  { shared, egress }: Pick<Addresses, 'shared' | 'egress'>,
  inherited: Readonly<Record<string, T>>,
) {
  const meaningOf = (name: string): string => {
    const [of, ...parts] = name.split('.')
    if (name === OWN_NODE) return process.execPath
    if (of === 'app') return String(address.port)
    const part = parts.at(-1)
    const found = of === 'envoy' ? shared : (egress[parts[0] as string] as Address)
    return part === 'url' ? `http://${found.host}:${found.port}` : String(found[part as keyof Address])
  }
  const told: Record<string, string> = Object.fromEntries(Object.entries(app.env).map(([key, value]) => [key, fillIn(value, meaningOf)]))
  const env: Record<string, string | T> = { ...inherited, ...noProxy(inherited), ...told }
  return { command: app.command.map((word) => fillIn(word, meaningOf)), env }
}

/** A proxy of the user's would get the calls to Envoy. */
function noProxy({ NO_PROXY, no_proxy = NO_PROXY }: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const value = no_proxy ? `${no_proxy},${LOOPBACK_HOSTS}` : LOOPBACK_HOSTS
  return { NO_PROXY: value, no_proxy: value }
}
