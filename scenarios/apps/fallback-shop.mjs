// A shop with a circuit breaker (opossum) and a fallback for when the inventory fails:
//   FALLBACK=unavailable   it says so, with 503
//   FALLBACK=sold-out      it says 200, and that nothing is left: nobody behind it will ever know
import { createServer } from 'node:http'
import CircuitBreaker from 'opossum'

const { INVENTORY_URL, PORT, FALLBACK } = process.env

async function askInventory(path, id) {
  const answer = await fetch(INVENTORY_URL + path, { headers: { 'x-request-id': id } })
  if (!answer.ok) throw new Error(`the inventory answered ${answer.status}`)
  return { status: 200, body: await answer.json() }
}

const FALLBACKS = {
  unavailable: () => ({ status: 503, body: { error: 'the inventory does not answer' } }),
  'sold-out': () => ({ status: 200, body: { stock: 0 } }),
}

// It opens only when nearly every call fails.
const breaker = new CircuitBreaker(askInventory, { timeout: 2000, errorThresholdPercentage: 95 })
breaker.fallback(FALLBACKS[FALLBACK])

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end()
  const { status, body } = await breaker.fire(request.url, request.headers['x-request-id'])
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
