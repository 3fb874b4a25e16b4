// A shop that asks the inventory with axios. What fails, axios-retry asks again, RETRIES times: with Envoy behind it,
// which tries each of those calls several times, the tries multiply.
import { createServer } from 'node:http'
import axios from 'axios'
import axiosRetry from 'axios-retry'

const { INVENTORY_URL, PORT, RETRIES } = process.env

const inventory = axios.create({ baseURL: INVENTORY_URL, timeout: 2000 })
axiosRetry(inventory, { retries: Number(RETRIES) })

async function stockOf(request) {
  const headers = { 'x-request-id': request.headers['x-request-id'] }
  const { data } = await inventory.get(request.url, { headers })
  return [200, data]
}

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end()
  const [status, body] = await stockOf(request).catch(() => [502, { error: 'the inventory does not answer' }])
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
