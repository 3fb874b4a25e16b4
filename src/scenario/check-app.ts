import { didYouMean } from '../value/nearest.ts'
import { show } from '../value/show.ts'
import { isContainer } from './containers.ts'
import type { Finding } from './finding.ts'
import { whyNotSent } from './header-rules.ts'
import { knownPlaceholders, placeholdersOf } from './placeholders.ts'
import type { DocumentPath } from './scenario.ts'
import type { ScenarioDocument } from './schema.ts'

/** An app that could not be started as it is meant, or would not be told where its clusters are. */
export function appFindings(scenario: ScenarioDocument): Finding[] {
  const claims = scenario.app?.run === undefined ? ofRuns(scenario) : timeless(scenario)
  if (scenario.app === undefined) return [...claims, ...idleHosts(scenario)]
  return [
    ...claims,
    ...unknownPlaceholders(scenario, scenario.app),
    ...oneVariableForTwo(scenario),
    ...oneHostForTwo(scenario),
    ...ownedHeader(scenario.app),
  ]
}

/** argv of a server, or of a program that ends; empty where the image of a container has one. */
export const commandOf = ({ command, run }: NonNullable<ScenarioDocument['app']>): readonly string[] => run ?? command ?? []

/** The environment variable that tells an app the address of a cluster. */
export const urlVariable = (cluster: string) => `${cluster.toUpperCase().replaceAll('-', '_')}_URL`

function unknownPlaceholders({ upstreams }: ScenarioDocument, app: NonNullable<ScenarioDocument['app']>): Finding[] {
  const known = knownPlaceholders(upstreams, isContainer(app))
  const texts: [DocumentPath, string][] = [
    ...commandOf(app).map((word, i): [DocumentPath, string] => [['app', app.run === undefined ? 'command' : 'run', i], word]),
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

/** A container that stands as an upstream is called, and calls nobody through Envoy. */
export function untoldFindings({ upstreams }: ScenarioDocument): Finding[] {
  return Object.entries(upstreams).flatMap(([upstream, { command = [], env = {} }]) =>
    [
      ...command.map((word, i): [DocumentPath, string] => [['upstreams', upstream, 'command', i], word]),
      ...Object.entries(env).map(([name, value]): [DocumentPath, string] => [['upstreams', upstream, 'env', name], value]),
    ].flatMap(([path, text]) =>
      placeholdersOf(text).map(
        (name): Finding => ({
          path,
          message: `unknown placeholder ${show(`\${${name}}`)}: an upstream is told no addresses`,
          hint: 'write $${ for the characters themselves; an app is told where its clusters are',
        }),
      ),
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

/** Envoy refuses a host that two clusters claim. A host without a port stands for all of its ports. */
function oneHostForTwo({ upstreams }: ScenarioDocument): Finding[] {
  const taken = new Map(Object.keys(upstreams).map((name) => [name.toLowerCase(), name]))
  return Object.entries(upstreams).flatMap(([upstream, { hosts = [] }]) =>
    hosts.flatMap((host, index): Finding[] => {
      const owner = taken.get(host.toLowerCase())
      taken.set(host.toLowerCase(), owner ?? upstream)
      if (owner === undefined) return []
      return [
        {
          path: ['upstreams', upstream, 'hosts', index],
          message: `${show(host)} stands for ${owner} already`,
          hint: 'each cluster is known by its own name; leave it out, or name another host',
        },
      ]
    }),
  )
}

function idleHosts({ upstreams }: ScenarioDocument): Finding[] {
  return Object.entries(upstreams).flatMap(([upstream, { hosts }]): Finding[] =>
    hosts === undefined
      ? []
      : [
          {
            path: ['upstreams', upstream, 'hosts'],
            at: 'key',
            message: 'hosts are what an app may call an upstream, and there is no app',
            hint: 'add app, or leave hosts out',
          },
        ],
  )
}

function ownedHeader({ id_header: header }: NonNullable<ScenarioDocument['app']>): Finding[] {
  const why = header === undefined ? undefined : whyNotSent(header, '', false)
  if (why === undefined) return []
  return [
    {
      path: ['app', 'id_header'],
      message: `the header ${show(header)} cannot carry the id: ${why}`,
      hint: 'name one that the app hands on',
    },
  ]
}

const OF_RUNS = ['exit_code', 'output'] as const

function ofRuns({ expect, app }: ScenarioDocument): Finding[] {
  return expect.flatMap((claim, index) =>
    OF_RUNS.filter((metric) => claim[metric] !== undefined).map(
      (metric): Finding => ({
        path: ['expect', index, metric],
        at: 'key',
        message: `${metric} is of an app that is run to its end, and there is none`,
        hint: `${app === undefined ? 'add app: { run: [program] }' : 'give the app run in place of command'}, or claim status or body`,
      }),
    ),
  )
}

/** Runs follow one another as fast as they end: there is no time by which they could be compared. */
function timeless({ expect }: ScenarioDocument): Finding[] {
  return expect.flatMap((claim, index) =>
    (['settle', 'goodput', 'recovers_within'] as const)
      .filter((key) => claim[key] !== undefined)
      .map(
        (key): Finding => ({
          path: ['expect', index, key],
          at: 'key',
          message: `${key} needs load that goes on over time: an app that is run to its end has none`,
          hint: 'leave it out',
        }),
      ),
  )
}

/** Load for the app, and for a target of the user's. */
export function targetFindings({ app, load }: ScenarioDocument): Finding[] {
  if (app === undefined || load.target === undefined) return []
  return [{ path: ['load', 'target'], at: 'key', message: 'the load goes to the app, or to a target: not to both', hint: 'leave one out' }]
}
