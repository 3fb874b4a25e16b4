import type { Daemon } from '../containers/daemon.ts'
import { type UserImageOptions, userImage } from '../containers/user-image.ts'
import type { ContainerSource, Plan } from '../plan/plan.ts'

/**
 * The images of all containers of a plan, pulled or built at the same time, those of one source once.
 * @param run - told in the names of what is built
 * @returns the image of a source of the plan
 */
export async function userImages(
  daemon: Daemon,
  { app, containers }: Pick<Plan, 'app' | 'containers'>,
  run: string,
  options: UserImageOptions,
): Promise<(source: ContainerSource) => string> {
  const sources = [...containers.map(({ source }) => source), ...(app?.container === undefined ? [] : [app.container])]
  const keys = [...new Set(sources.map(keyOf))]
  const settled = await Promise.allSettled(
    keys.map((key, i) => userImage(daemon, JSON.parse(key) as ContainerSource, `${run}-${i + 1}`, options)),
  )
  // After all have ended: what one makes later would not be cleared away.
  const images = new Map(
    settled.map((one, i) => {
      if (one.status === 'rejected') throw one.reason
      return [keys[i] as string, one.value]
    }),
  )
  return (source) => images.get(keyOf(source)) as string
}

const keyOf = (source: ContainerSource) => JSON.stringify(source)
