import type { ScenarioDocument } from './schema.ts'

type Respond = NonNullable<ScenarioDocument['upstreams'][string]['respond']>

/** The body of each answer of a stub, as text. */
export const stubBody = ({ body, json }: Pick<Respond, 'body' | 'json'>): string =>
  json === undefined ? (body ?? '') : JSON.stringify(json)
