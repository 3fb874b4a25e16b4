// A shop that asks the inventory with axios, which keeps all that it knows of a call in its error: address, headers, stack.
//   ERRORS=own     what the callers are told is written for them
//   ERRORS=axios   they are told what axios says
import { createServer } from 'node:http'
import axios from 'axios'

const { INVENTORY_URL, PORT, ERRORS } = process.env

const inventory = axios.create({ baseURL: INVENTORY_URL, timeout: 2000, headers: { 'x-shop-key': 'of-the-shop-alone' } })

const TOLD = {
  own: () => ({ error: 'the inventory does not answer' }),
  axios: (error) => error.toJSON(),
}

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end()
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  try {
    const { data } = await inventory.get(`/internal/stock${request.url}`, { headers: { 'x-request-id': request.headers['x-request-id'] } })
    answer(200, data)
  } catch (error) {
    answer(502, TOLD[ERRORS](error))
  }
})
server.listen({ host: '127.0.0.1', port: Number(PORT) })
