// A shop with a circuit breaker of its own before the inventory: opossum, which stays open for RESET_MS before it lets
// one call through to see whether the inventory is well again.
import { createServer } from 'node:http'
import CircuitBreaker from 'opossum'

const { INVENTORY_URL, PORT, RESET_MS } = process.env

async function askInventory(path, id) {
  const answer = await fetch(INVENTORY_URL + path, { headers: { 'x-request-id': id } })
  if (!answer.ok) throw new Error(`the inventory answered ${answer.status}`)
  return await answer.json()
}

const breaker = new CircuitBreaker(askInventory, {
  timeout: 2000,
  // It opens when half of the calls of the last second failed.
  rollingCountTimeout: 1000,
  errorThresholdPercentage: 50,
  resetTimeout: Number(RESET_MS),
})

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end()
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  try {
    answer(200, await breaker.fire(request.url, request.headers['x-request-id']))
  } catch {
    answer(503, { error: 'the inventory does not answer' })
  }
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
