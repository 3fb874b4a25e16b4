import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { renderReference } from '../../src/scenario/reference.ts'

/**
 * The parts of the README that are made from other files, so that they cannot go stale. After a change of those:
 *
 *     ./chaos exec node test/helpers/readme.ts
 */
const ROOT = resolve(import.meta.dirname, '../..')
const README = resolve(ROOT, 'README.md')

export const readReadme = () => readFileSync(README, 'utf8')

export function withFreshParts(readme: string): string {
  return [
    [
      'quickstart',
      () => `\`\`\`yaml\n${readFileSync(resolve(ROOT, 'scenarios/quickstart.yaml'), 'utf8').split('\n').slice(1).join('\n')}\`\`\``,
    ],
    ['reference', renderReference],
    ['scenarios', scenarioTable],
  ].reduce((text, [name, render]) => replacePart(text, name as string, (render as () => string)()), readme)
}

function scenarioTable(): string {
  const files = readdirSync(resolve(ROOT, 'scenarios')).filter((file) => file.endsWith('.yaml'))
  const rows = files.map((file) => {
    const { name } = parse(readFileSync(resolve(ROOT, 'scenarios', file), 'utf8')) as { name: string }
    return `| [\`${file.replace('.yaml', '')}\`](scenarios/${file}) | ${name} |`
  })
  return ['| scenario | claim |', '|---|---|', ...rows].join('\n')
}

function replacePart(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`README.md lacks ${begin} … ${end}`)
  return `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`
}

if (import.meta.main) writeFileSync(README, withFreshParts(readReadme()))
