import { z } from 'zod'
import { durationOrZero, headerMatch, name, reference } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import { cluster } from './cluster-schema.ts'
import { retryPolicy } from './retry-schema.ts'

/** The part of a scenario that is Envoy's own: its names, spelt its way, so that it can be copied to and from Envoy. */

/** Matches never see the query string, so a "?" in one could not match anything. */
const matchedPath = (what: string) =>
  z
    .string()
    .regex(/^\/[\u0021\u0022\u0024-\u003e\u0040-\u007e]{0,8000}$/, {
      error: (issue) =>
        `expected a ${what} that begins with "/" and holds no spaces, "?" or "#" (matches do not see the query), got ${show(issue.input)}`,
    })
    .meta({ title: 'path' })

const match = z
  .strictObject({
    prefix: matchedPath('prefix').optional().describe('Paths that begin so: /items takes /items/42 and /itemsets.'),
    path: matchedPath('path').optional().describe('This path only; the query string does not count.'),
    headers: headerMatch.optional().describe('Headers of exactly these values.'),
  })
  .superRefine((value, context) => {
    const given = [value.prefix, value.path].filter((part) => part !== undefined).length
    if (given !== 1) context.addIssue({ code: 'custom', message: `expected prefix or path, got ${given === 0 ? 'neither' : 'both'}` })
  })
  .describe('Which requests take this route.')

const route = z.strictObject({
  match,
  cluster: reference.describe('Where they go: the name of an upstream.'),
  timeout: durationOrZero
    .optional()
    .describe('From the whole request to the whole response, all tries together; 0s: no limit. Default 15s.'),
  idle_timeout: durationOrZero
    .optional()
    .describe(
      'The longest silence of a request and its response: no byte either way. It does not wait for the request to be whole, and it sees a fault at: ingress, too; 0s: no limit. Default 5m.',
    ),
  max_stream_duration: z
    .strictObject({
      max_stream_duration: durationOrZero.describe(
        'From the first byte of the request to the last of the response, whatever goes on meanwhile: a fault at: ingress, a slow upload; 0s: no limit.',
      ),
    })
    .optional()
    .describe('The longest life of a request and its response together. Left out: no limit.'),
  hedge_policy: z
    .strictObject({
      hedge_on_per_try_timeout: z
        .boolean()
        .describe('When a try passes per_try_timeout, begin the next one and let the first go on: whichever answers first is taken.'),
    })
    .optional()
    .describe('Tries that overlap. Needs a retry_policy with a per_try_timeout. Left out: none.'),
  retry_policy: retryPolicy.optional().describe('Which outcomes are tried again, and how. Left out: nothing is tried again.'),
})

const httpConnectionManager = z
  .strictObject({
    request_timeout: durationOrZero
      .optional()
      .describe(
        'To receive the whole request: it ends a slow upload (408), or one that a fault at: ingress holds (504), and never sees the response; 0s: no limit. Left out: no limit.',
      ),
  })
  .describe('What holds for whoever calls, on the shared port and on those of the clusters alike; the hops have none of it.')

export const envoy = z
  .strictObject({
    clusters: z
      .record(name, cluster)
      .default(() => ({}))
      .describe('Policy of each cluster, by the name of its upstream.'),
    routes: z
      .array(route)
      .min(1)
      .max(200)
      .optional()
      .describe('In order, the first match wins. Left out: everything goes to the only upstream.'),
    http_connection_manager: httpConnectionManager.optional(),
  })
  .describe('The policy under test, in the words of Envoy.')
