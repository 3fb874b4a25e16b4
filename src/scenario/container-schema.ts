import { z } from 'zod'
import { show } from '../value/show.ts'
import { text } from './program-schema.ts'
import { badVariable, withVariables } from './variables.ts'

/** What a container is made of: an image by its name, or one that is built from a folder. */

/** A registry, a path in lower case, a tag and a digest: all but the path may be left out. */
const IMAGE =
  /^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/

/** Text in which `${NAME:-default}` stands for a variable of whoever starts the run. */
const withDefaults = (value: z.ZodType<string>) =>
  value.superRefine((value, context) => {
    const bad = badVariable(value)
    if (bad === undefined) return
    context.addIssue({
      code: 'custom',
      message: `expected a variable with what stands there without it, such as \${NODE_IMAGE:-node:24-slim}, got ${show(bad)}`,
      params: { hint: 'so that the scenario says by itself what it runs' },
    })
  })

export const image = withDefaults(
  z.string({ error: (issue) => `expected the name of an image, such as node:24-slim, got ${show(issue.input)}` }),
)
  .refine((name) => badVariable(name) !== undefined || (name.length <= 1000 && IMAGE.test(withVariables(name, {}))), {
    error: (issue) => `expected the name of an image, such as node:24-slim or registry.example/team/app:1.2, got ${show(issue.input)}`,
  })
  .meta({ title: 'image', examples: ['node:24-slim'] })

const folder = (what: string) => z.string().min(1, { error: `expected the path of ${what}, got ""` })

const context = folder('a folder')

export const build = z
  .union(
    [
      context,
      z.strictObject({
        context: context.describe('The folder that it is built from; the path is relative to the scenario.'),
        dockerfile: folder('a file').optional().describe('Its path in that folder. Left out: Dockerfile.'),
        args: z
          .record(
            z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, {
              error: (issue) => `expected the name of a build argument, such as BASE, got ${show(issue.input)}`,
            }),
            withDefaults(text('the value of a build argument')),
          )
          .meta({ title: 'map' })
          .optional()
          .describe(
            `Values of ARGs; \${NAME:-default} stands for an environment variable of whoever starts the run. They stay in the history of the image: no place for secrets.`,
          ),
      }),
    ],
    {
      error: (issue) =>
        `expected a folder such as ./shop, or a map such as { context: ./shop, args: { BASE: node:24-slim } }, got ${show(issue.input)}`,
    },
  )
  .meta({ title: 'folder or map' })
