import { statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ChaosError } from '../errors.ts'
import { show } from '../value/show.ts'
import type { Finding } from './finding.ts'
import type { DocumentPath, Scenario } from './scenario.ts'

/**
 * Folders that images are built from, and their Dockerfiles, where they are not there.
 * @param find - the real path of one that the scenario names; throws ChaosError where there is none, or where it lies outside of the project
 */
export function missingBuilds({ app, upstreams }: Scenario, find: (path: string) => string): Finding[] {
  const places: [DocumentPath, NonNullable<Scenario['app']>['build']][] = [
    ...Object.entries(upstreams).map(([name, { build }]): [DocumentPath, typeof build] => [['upstreams', name, 'build'], build]),
    [['app', 'build'], app?.build],
  ]
  return places.flatMap(([path, build]) => {
    if (build === undefined) return []
    const { context, dockerfile } = typeof build === 'string' ? { context: build } : build
    const at = (key: string): DocumentPath => (typeof build === 'string' ? path : [...path, key])
    const folder = tried(at('context'), () => find(context))
    if (typeof folder !== 'string') return [folder]
    if (!statSync(folder).isDirectory())
      return [{ path: at('context'), message: `${show(context)} is a file: expected the folder that it is in` }]
    const place = at(dockerfile === undefined ? 'context' : 'dockerfile')
    const file = tried(place, () => find(join(context, dockerfile ?? 'Dockerfile')))
    if (typeof file !== 'string') return [dockerfile === undefined ? noDockerfile(place, context) : file]
    if (relative(folder, file).startsWith('..'))
      return [
        { path: place, message: `expected a file in ${show(context)}, got ${show(dockerfile)}`, hint: 'Docker is sent that folder alone' },
      ]
    return statSync(file).isFile() ? [] : [noDockerfile(place, context)]
  })
}

const noDockerfile = (path: DocumentPath, context: string): Finding => ({
  path,
  message: `there is no Dockerfile in ${show(context)}`,
  hint: 'where it has another name, say so: build: { context: ./shop, dockerfile: Dockerfile.test }',
})

function tried(path: DocumentPath, action: () => string): string | Finding {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    return { path, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  }
}
