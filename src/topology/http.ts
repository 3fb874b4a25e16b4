import type { Agent as HttpAgent } from 'node:http'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { Agent, request } from '../node-http.ts'

/**
 * One request to a control port of something we started.
 * @throws ChaosError when there is no answer within `timeoutMs`, or one of another status than 200
 */
export function ask(
  address: Address,
  method: 'GET' | 'POST',
  path: string,
  options: { agent?: HttpAgent; timeoutMs?: number } = {},
): Promise<string> {
  const timeoutMs = options.timeoutMs ?? 5000
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: Error) =>
      reject(new ChaosError('environment', `${method} http://${address.host}:${address.port}${path.split('?', 1)[0]} ${reason}`, { cause }))
    const req = request({ ...address, method, path, agent: options.agent, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', (error) => fail(`failed: ${error.message}`, error))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve(text)
        else fail(`answered ${response.statusCode}: ${text.slice(0, 200)}`)
      })
    })
    req.on('timeout', () => req.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    req.on('error', (error) => fail(`failed: ${error.message}`, error))
    req.end()
  })
}

export const keepAlive = () => new Agent({ keepAlive: true, maxSockets: 2 })
