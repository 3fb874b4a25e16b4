import { createReadStream, statSync } from 'node:fs'
import type { Server } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createServer } from '../node-http.ts'
import type { Door } from './door.ts'
import type { Journal } from './journal.ts'

/**
 * The stub's control server, not listening yet, for the harness alone:
 *
 * | request | answer |
 * |---|---|
 * | `GET /health` | 200 |
 * | `POST /flush` | `{ "lines": n }`: all lines of finished requests are written now, n in all (the ready line is not counted) |
 * | `GET /journal` | the same, and then the file of the journal; its `x-lines` is n. 404 where the journal goes to stdout |
 * | `GET /active` | `{ "active": n }`: requests that have arrived and are not finished, over all replicas |
 * | `POST /doors?ids` | `{}`: doors that have a fault among these ids (with commas between them) meet it now, all others are open |
 * | `GET /doors` | `{ "doors": [DoorReport] }`: what they did since then |
 *
 * So the journal is complete when the load has ended, `/active` says 0, and then n lines have been read after a `/flush`.
 */
export function controlServer(journal: Journal, doors: readonly Door[], file?: string): Server {
  return createServer({ noDelay: true }, async (request, response) => {
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    request.resume()
    const [path, query = ''] = (request.url ?? '').split('?', 2)
    switch (`${request.method} ${path}`) {
      case 'GET /health':
        return reply(200, { ok: true })
      case 'POST /flush':
        return reply(200, { lines: await journal.flush() })
      case 'GET /journal': {
        if (file === undefined) return reply(404, { error: 'the journal goes to stdout' })
        const lines = await journal.flush()
        const { size } = statSync(file)
        response.writeHead(200, { 'x-lines': String(lines), 'content-length': String(size) })
        if (size === 0) return response.end()
        // What is added meanwhile is not told of; whoever asks may leave.
        return pipeline(createReadStream(file, { end: size - 1 }), response).catch(() => {})
      }
      case 'GET /active':
        return reply(200, { active: journal.active })
      case 'POST /doors':
        await Promise.all(doors.map((door) => door.meet(query.split(','))))
        return reply(200, {})
      case 'GET /doors':
        return reply(200, { doors: doors.flatMap(({ did }) => did) })
      default:
        return reply(404, { error: 'expected GET /health, POST /flush, GET /journal, GET /active, or GET or POST /doors' })
    }
  })
}
