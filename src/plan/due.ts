import type { OpenLoad } from './plan.ts'

/** The indices [first, end) of the requests that are due from `from` on and before `to`, in ms. */
export function dueBetween({ due }: OpenLoad, from: number, to: number): [first: number, end: number] {
  const firstAt = (time: number) => {
    let [before, at] = [-1, due.length]
    while (at - before > 1) {
      const middle = (before + at) >> 1
      if ((due[middle] as number) >= time) at = middle
      else before = middle
    }
    return at
  }
  const first = firstAt(from)
  return [first, Math.max(first, firstAt(to))]
}
