import type { Server } from 'node:http'
import { createServer } from '../node-http.ts'
import type { Journal } from './journal.ts'

/**
 * The stub's control server, not listening yet, for the harness alone:
 *
 * | request | answer |
 * |---|---|
 * | `GET /health` | 200 |
 * | `POST /flush` | `{ "lines": n }`: all lines of finished requests are written now, n in all (the ready line is not counted) |
 * | `GET /active` | `{ "active": n }`: requests that have arrived and are not finished, over all replicas |
 *
 * So the journal is complete when the load has ended, `/active` says 0, and then n lines have been read after a `/flush`.
 */
export function controlServer(journal: Journal): Server {
  return createServer({ noDelay: true }, async (request, response) => {
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    request.resume()
    switch (`${request.method} ${request.url}`) {
      case 'GET /health':
        return reply(200, { ok: true })
      case 'POST /flush':
        return reply(200, { lines: await journal.flush() })
      case 'GET /active':
        return reply(200, { active: journal.active })
      default:
        return reply(404, { error: 'expected GET /health, POST /flush or GET /active' })
    }
  })
}
