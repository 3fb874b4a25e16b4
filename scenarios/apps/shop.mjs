// A shop that asks the inventory for the stock of an item. What it does when that fails, its environment says:
//   ON_ERROR=fallback   it answers with what it knows without the inventory
//   ON_ERROR=report     it says so with 502
//   ON_ERROR=hide       it says so in the body, and answers 200
import { createServer } from 'node:http'

const { INVENTORY_URL, PORT, ON_ERROR } = process.env

const ANSWERS = {
  fallback: [200, { stock: 'unknown', order: 'possible' }],
  report: [502, { error: 'the inventory does not answer' }],
  hide: [200, { error: 'the inventory does not answer' }],
}

const server = createServer(async (request, response) => {
  // Handed on, so that the calls made for this request can be told.
  const headers = { 'x-request-id': request.headers['x-request-id'] ?? '' }
  const answer = await fetch(INVENTORY_URL + request.url, { headers }).catch(() => undefined)
  const [status, body] = answer?.ok ? [200, await answer.json()] : ANSWERS[ON_ERROR]
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
