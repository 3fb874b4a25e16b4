// A real inventory, with something to count: each order takes one from the stock of its item, until none is left.
import { createServer } from 'node:http'

const { HOST = '127.0.0.1', PORT, STOCK } = process.env
const stock = new Map()

const server = createServer((request, response) => {
  const left = stock.get(request.url) ?? Number(STOCK)
  const isOrder = request.method === 'POST'
  const status = isOrder && left === 0 ? 409 : 200
  if (isOrder && left > 0) stock.set(request.url, left - 1)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ stock: stock.get(request.url) ?? left }))
})
// Longer than anybody keeps a connection that is idle, so that none is closed while a request is on its way.
server.keepAliveTimeout = 600_000
server.listen({ host: HOST, port: Number(PORT) })
