import { z } from 'zod'
import { storedScenarioSchema } from './stored-scenario.ts'

/** The version of what stands in a folder of evidence. Another one is not read: to guess its meaning could turn a verdict. */
export const FORMAT = 1

const stats = z.record(z.string(), z.number())

/** The logs that a verdict rests on, below `logs/`. */
export const LOGS = {
  client: 'client.ndjson',
  phases: 'phases.ndjson',
  egress: 'egress.ndjson',
  attempts: 'attempts.ndjson',
  hop: 'hop.ndjson',
  journal: 'stub.ndjson',
  outlier: 'outlier.ndjson',
} as const

export type LogName = keyof typeof LOGS

const ended = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('interrupt'), signal: z.enum(['SIGINT', 'SIGTERM', 'SIGHUP']) }),
  z.strictObject({ by: z.literal('environment'), message: z.string(), hint: z.string().nullable(), detail: z.array(z.string()) }),
])

const load = z
  .strictObject({
    requests: z.number().describe('Lines of requests in logs/client.ndjson.'),
    clock_shift_ms: z.number().describe('By which the wall clock was set while the load ran.'),
    journal_lines: z.number().nullable().describe('Lines that the stubs say they wrote; null: they could not be asked.'),
    last: stats.describe("Envoy's stats when the last request had ended."),
  })
  .describe('What was known when the load was over.')

const end = z
  .strictObject({
    load: load.nullable().describe('null: there was none.'),
    ended: ended.nullable().describe('What ended the run early; null for a run that went its whole way.'),
    duration_ms: z.number(),
    warnings: z.array(z.string()).describe('Of the machine.'),
    envoy: z.strictObject({ path: z.string(), version: z.string().nullable(), source: z.string() }).nullable(),
    files: z
      .record(z.string(), z.strictObject({ bytes: z.number(), sha256: z.string() }))
      .describe('The logs as they were, by name: what was changed later is no evidence.'),
  })
  .describe('Written when the run is over.')

/**
 * evidence.json: what a run was, and how it ended; with the logs beside it all that its verdict is made from. Written when
 * the run begins, and again when it is over.
 */
export const storedRunSchema = z.strictObject({
  format: z.literal(FORMAT),
  chaos_version: z.string(),
  runtime: z.enum(['process', 'docker']),
  started_at: z.iso.datetime(),
  command: z.array(z.string()),
  warnings: z.array(z.string()).describe('Of the scenario.'),
  scenario: storedScenarioSchema,
  seed: z.number(),
  plan: z.string().describe('The shape that the scenario was planned into.'),
  end: end.nullable().describe('null: the run is still going on, or chaos was killed.'),
})

export type StoredRun = z.output<typeof storedRunSchema>
export type StoredEnd = z.output<typeof end>
