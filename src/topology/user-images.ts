import type { Daemon } from '../containers/daemon.ts'
import { type UserImageOptions, userImage } from '../containers/user-image.ts'
import { ChaosError } from '../errors.ts'
import type { ContainerSource, Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'

/**
 * The images of all containers of a plan, pulled or built at the same time, those of one source once.
 * @param run - told in the names of what is built
 * @returns the image of a source of the plan
 * @throws ChaosError with the place in the scenario of the first one that cannot be had
 */
export async function userImages(
  daemon: Daemon,
  scenario: Scenario,
  { app, containers }: Pick<Plan, 'app' | 'containers'>,
  run: string,
  options: UserImageOptions,
): Promise<(source: ContainerSource) => string> {
  const wanted = [
    ...containers.map(({ source, cluster }) => ({ source, place: ['upstreams', cluster] })),
    ...(app?.container === undefined ? [] : [{ source: app.container, place: ['app'] }]),
  ]
  // The first that asks for a source stands for all that do.
  const places = new Map(wanted.toReversed().map(({ source, place }) => [keyOf(source), [...place, 'image' in source ? 'image' : 'build']]))
  const settled = await Promise.allSettled(
    [...places].map(async ([key, place], i) => {
      try {
        return [key, await userImage(daemon, JSON.parse(key) as ContainerSource, `${run}-${i + 1}`, options)] as const
      } catch (error) {
        if (!(error instanceof ChaosError)) throw error
        const { line } = scenario.locate(place)
        throw new ChaosError(error.kind, `${place.join('.')} (${scenario.file}:${line}): ${error.message}`, {
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          detail: error.detail,
          cause: error,
        })
      }
    }),
  )
  // After all have ended: what one makes later would not be cleared away.
  const images = new Map(
    settled.map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    }),
  )
  return (source) => images.get(keyOf(source)) as string
}

const keyOf = (source: ContainerSource) => JSON.stringify(source)
