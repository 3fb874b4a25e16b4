import { didYouMean } from '../value/nearest.ts'
import { show } from '../value/show.ts'
import type { Finding } from './finding.ts'
import { knownPlaceholders, placeholdersOf } from './placeholders.ts'
import type { DocumentPath } from './scenario.ts'
import type { ScenarioDocument } from './schema.ts'

/** An app that could not be started as it is meant, or would not be told where its clusters are. */
export function appFindings(scenario: ScenarioDocument): Finding[] {
  if (scenario.app === undefined) return []
  return [...unknownPlaceholders(scenario, scenario.app), ...oneVariableForTwo(scenario), ...twoTargets(scenario)]
}

/** The environment variable that tells an app the address of a cluster. */
export const urlVariable = (cluster: string) => `${cluster.toUpperCase().replaceAll('-', '_')}_URL`

function unknownPlaceholders({ upstreams }: ScenarioDocument, app: NonNullable<ScenarioDocument['app']>): Finding[] {
  const known = knownPlaceholders(upstreams)
  const texts: [DocumentPath, string][] = [
    ...app.command.map((word, i): [DocumentPath, string] => [['app', 'command', i], word]),
    ...Object.entries(app.env).map(([name, value]): [DocumentPath, string] => [['app', 'env', name], value]),
  ]
  return texts.flatMap(([path, text]) =>
    placeholdersOf(text)
      .filter((name) => !known.includes(name))
      .map(
        (name): Finding => ({
          path,
          message: `unknown placeholder ${show(`\${${name}}`)}`,
          hint: didYouMean(name, known) ?? `known: ${known.slice(0, 4).join(', ')}; write $\${ for the characters themselves`,
        }),
      ),
  )
}

function oneVariableForTwo({ upstreams }: ScenarioDocument): Finding[] {
  const names = Object.keys(upstreams)
  return names.flatMap((name, i): Finding[] => {
    const other = names.slice(0, i).find((before) => urlVariable(before) === urlVariable(name))
    if (other === undefined) return []
    return [
      {
        path: ['upstreams', name],
        at: 'key',
        message: `${urlVariable(name)} would tell the app the address of ${name} and of ${other}`,
        hint: 'rename one of them',
      },
    ]
  })
}

function twoTargets({ load }: ScenarioDocument): Finding[] {
  if (load.target === undefined) return []
  return [{ path: ['load', 'target'], at: 'key', message: 'the load goes to the app, or to a target: not to both', hint: 'leave one out' }]
}
