import { Agent, request } from 'node:http'
import type { Address } from '../envoy/addresses.ts'

/** One request to a control port of something we started. Rejects after `timeoutMs`, and on any status but 200. */
export function ask(
  address: Address,
  method: 'GET' | 'POST',
  path: string,
  options: { agent?: Agent; timeoutMs?: number } = {},
): Promise<string> {
  const timeoutMs = options.timeoutMs ?? 5000
  return new Promise((resolve, reject) => {
    const req = request({ ...address, method, path, agent: options.agent, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text.slice(0, 200)}`))
      })
    })
    req.on('timeout', () => req.destroy(new Error(`${method} ${path} was not answered within ${timeoutMs} ms`)))
    req.on('error', reject)
    req.end()
  })
}

export const keepAlive = () => new Agent({ keepAlive: true, maxSockets: 2 })
