import { readFileSync } from 'node:fs'

/** What package.json asks for, such as `22.22.0`. */
function needed(): string {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { engines: { node: string } }
  return engines.node.replace('>=', '')
}

/**
 * What to say where Node is too old; npm installs chaos there all the same, and what is missing would show in mid-run.
 * @param version - such as `20.20.2`
 */
export function tooOld(version: string, least = needed()): string | undefined {
  const [is = [], asked = []] = [version, least].map((text) => text.split('.').map(Number))
  const differing = asked.findIndex((number, i) => is[i] !== number)
  if (differing === -1 || (is[differing] as number) > (asked[differing] as number)) return undefined
  return `chaos: this is Node.js ${version}, and chaos needs ${least} or newer\nhint: install a newer one from https://nodejs.org or with your package manager; \`node --version\` tells which one is first on PATH\n`
}
