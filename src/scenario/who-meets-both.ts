import type { Attempts } from '../fault/attempts.ts'
import { fulfils, type RequestTest, type When } from '../fault/when.ts'

/** Whom a fault may meet: at which replicas, which requests, and which of their tries. */
export interface Reach {
  replicas: readonly number[]
  when: When
  /** Null: all. */
  attempts: Attempts | null
}

/** Of those that `later` may meet at one cluster, who may meet `earlier` there: all, none, or some, as far as can be told. */
export function whoMeetsBoth(later: Reach, earlier: Reach): 'all' | 'none' | 'some' {
  if (!later.replicas.some((replica) => earlier.replicas.includes(replica))) return 'none'
  if (earlier.when.some((asked) => later.when.some((known) => excludes(known, asked)))) return 'none'
  const [tries, others] = [later.attempts ?? ALL, earlier.attempts ?? ALL]
  if (tries.from > others.to || tries.to < others.from) return 'none'
  const always =
    others.from <= tries.from && others.to >= tries.to && earlier.when.every((asked) => later.when.some((known) => implies(known, asked)))
  return always && later.replicas.every((replica) => earlier.replicas.includes(replica)) ? 'all' : 'some'
}

const ALL = { from: 1, to: Number.POSITIVE_INFINITY }

function implies(known: RequestTest, asked: RequestTest): boolean {
  if (known.name !== asked.name) return false
  return JSON.stringify(known) === JSON.stringify(asked) || (known.op === 'exact' && fulfils({ [known.name]: known.text }, [asked]))
}

function excludes(known: RequestTest, asked: RequestTest): boolean {
  if (known.name !== asked.name) return false
  if (known.op === 'exact') return !fulfils({ [known.name]: known.text }, [asked])
  return (known.op === 'absent') !== (asked.op === 'absent')
}
