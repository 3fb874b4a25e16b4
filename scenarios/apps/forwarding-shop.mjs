// A shop that asks the inventory with undici, whose RetryAgent asks again when that is out for a moment. Of the headers of
// a request it hands on those that FORWARD names: what it leaves out is lost for all services behind it.
import { createServer } from 'node:http'
import { Agent, request as ask, RetryAgent } from 'undici'

const { INVENTORY_URL, PORT, FORWARD } = process.env
const forwarded = FORWARD.split(' ')

const dispatcher = new RetryAgent(new Agent(), { maxRetries: 1, minTimeout: 20, throwOnError: false })

async function stockOf(request) {
  const headers = Object.fromEntries(forwarded.map((name) => [name, request.headers[name]]).filter(([, value]) => value !== undefined))
  const { statusCode, body } = await ask(INVENTORY_URL + request.url, { dispatcher, headers })
  return [statusCode, await body.text()]
}

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end()
  const [status, body] = await stockOf(request).catch(() => [502, '{ "error": "the inventory does not answer" }'])
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
