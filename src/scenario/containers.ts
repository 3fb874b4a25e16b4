import type { Finding } from './finding.ts'
import type { DocumentPath, Scenario } from './scenario.ts'

/** An upstream, or an app. */
interface Made {
  image?: unknown
  build?: unknown
}

/** Whether it is made of an image, and not a program of this machine or a stub. */
export const isContainer = ({ image, build }: Made): boolean => image !== undefined || build !== undefined

const WAYS = ['image', 'build'] as const

/** Each `image` and `build` of a scenario: those need the runtime `docker`. Empty: it runs without containers, too. */
export function containerPlaces({ app, upstreams }: Pick<Scenario, 'app' | 'upstreams'>): DocumentPath[] {
  const of = (path: DocumentPath, value: Made | undefined) =>
    WAYS.filter((way) => value?.[way] !== undefined).map((way): DocumentPath => [...path, way])
  return [...Object.entries(upstreams).flatMap(([name, upstream]) => of(['upstreams', name], upstream)), ...of(['app'], app)]
}

/** Why a scenario cannot run as child processes. */
export function noContainersHere(scenario: Pick<Scenario, 'app' | 'upstreams'>): Finding[] {
  return containerPlaces(scenario).map((path) => ({
    path,
    at: 'key',
    message: `${path.at(-1)} needs a container, and the runtime process starts none`,
    hint: 'run it with --runtime docker, or leave --runtime out',
  }))
}
