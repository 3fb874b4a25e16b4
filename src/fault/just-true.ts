import { z } from 'zod'
import { show } from '../value/show.ts'

/** The setting of a kind that has none: `hang: true`. What it does is told in the description. */
export const justTrue = (description: string) =>
  z
    .literal(true, { error: (issue) => `expected true, got ${show(issue.input)}` })
    .meta({ title: '`true`' })
    .describe(description)
