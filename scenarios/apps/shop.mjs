// A shop that asks the inventory for the stock of an item. What it does when that fails, its environment says:
//   ON_ERROR=fallback   it answers with what it knows without the inventory
//   ON_ERROR=report     it says so with 502
//   ON_ERROR=hide       it puts what went wrong into the body, and answers 200
//   ON_ERROR=leak       it answers 502, with where in its program it happened
import { createServer } from 'node:http'

const { INVENTORY_URL, HOST = '127.0.0.1', PORT, ON_ERROR } = process.env

const ANSWERS = {
  fallback: () => [200, { stock: 'unknown', order: 'possible' }],
  report: () => [502, { error: 'the inventory does not answer' }],
  hide: (error) => [200, { message: String(error) }],
  leak: (error) => [502, { error: error.stack }],
}

async function stockOf(request) {
  // Handed on, so that the calls made for this request can be told.
  const headers = { 'x-request-id': request.headers['x-request-id'] ?? '' }
  const answer = await fetch(INVENTORY_URL + request.url, { headers })
  if (!answer.ok) throw new Error(`the inventory answered ${answer.status}`)
  return [200, await answer.json()]
}

const server = createServer(async (request, response) => {
  const [status, body] = await stockOf(request).catch(ANSWERS[ON_ERROR])
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen({ host: HOST, port: Number(PORT) })
