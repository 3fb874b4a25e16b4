import { blamed } from './blame.ts'
import { Courses } from './course.ts'
import type { Sentence, Told } from './sentence.ts'
import { AllTraffic } from './traffic.ts'
import { blameSentence } from './words.ts'

const MOST = 6
/** Further ones had a smaller part in it. */
const MOST_BLAMED = 3

/**
 * What happened in a run and which settings are to blame, the most important first, as far as the evidence shows it. A
 * setting is blamed for nothing but claims that failed, and by the requests that they failed by. Empty without sound evidence.
 */
export function whatHappened({ observations, ...told }: Told): Sentence[] {
  if (observations === null || observations.unsound.length > 0) return []
  const seen = { ...told, observations }
  const traffic = new AllTraffic()
  const courses = new Courses(seen)
  for (const record of observations.records) {
    if (record.stray || record.phase < 0) continue
    traffic.add(record)
    courses.add(record)
  }
  const blames = blamed(seen, traffic).slice(0, MOST_BLAMED)
  const all = [...blames.map((blame) => blameSentence(blame, seen, traffic)), ...courses.sentences()]
  return all.length === 0 ? courses.quiet() : all.slice(0, MOST)
}
