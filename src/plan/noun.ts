import type { Plan } from './plan.ts'

/** What a load is made of, in the words of messages: an app that is run to its end has runs, all else requests. */
export const nounOf = ({ load }: Pick<Plan, 'load'>): 'request' | 'run' => (load.kind === 'runs' ? 'run' : 'request')
