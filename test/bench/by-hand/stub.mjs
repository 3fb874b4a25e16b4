import { createServer } from 'node:http'

createServer((_, response) => setTimeout(() => response.end('ok'), 1)).listen(
  Number(process.env.STUB_PORT),
  process.env.STUB_HOST ?? '127.0.0.1',
)
