// A shop that asks the inventory with got, and waits TIMEOUT_MS for it. Then it answers with what it knows by itself:
// of use only to a caller who still waits.
import { createServer } from 'node:http'
import got from 'got'

const { INVENTORY_URL, PORT, TIMEOUT_MS } = process.env

const inventory = got.extend({ timeout: { request: Number(TIMEOUT_MS) }, retry: { limit: 0 } })

const stockOf = (request) => inventory(INVENTORY_URL + request.url, { headers: { 'x-request-id': request.headers['x-request-id'] } }).json()

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end()
  const body = await stockOf(request).catch(() => ({ stock: 'unknown', order: 'possible' }))
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
