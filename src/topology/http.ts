import type { Agent as HttpAgent, IncomingHttpHeaders } from 'node:http'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { Agent, request } from '../node-http.ts'

interface AskOptions {
  agent?: HttpAgent
  timeoutMs?: number
}

/**
 * One request to a control port of something we started.
 * @throws ChaosError when nothing comes for `timeoutMs`, or an answer of another status than 200
 */
export async function ask(address: Address, method: 'GET' | 'POST', path: string, options: AskOptions = {}): Promise<string> {
  const chunks: Buffer[] = []
  await askFor(address, method, path, (chunk) => chunks.push(chunk), options)
  return Buffer.concat(chunks).toString()
}

/**
 * The same, for an answer that may be too long for the memory.
 * @param take - given its body piece by piece
 * @returns its headers, when all of it has come
 */
export function askFor(
  address: Address,
  method: 'GET' | 'POST',
  path: string,
  take: (chunk: Buffer) => void,
  { agent, timeoutMs = 5000 }: AskOptions = {},
): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: Error) =>
      reject(new ChaosError('environment', `${method} http://${address.host}:${address.port}${path.split('?', 1)[0]} ${reason}`, { cause }))
    const req = request({ ...address, method, path, agent, timeout: timeoutMs }, (response) => {
      const isGood = response.statusCode === 200
      let said = ''
      response.on('data', (chunk: Buffer) => {
        try {
          if (isGood) take(chunk)
          else said += chunk
        } catch (error) {
          reject(error)
          req.destroy()
        }
      })
      response.on('error', (error) => fail(`failed: ${error.message}`, error))
      response.on('end', () => (isGood ? resolve(response.headers) : fail(`answered ${response.statusCode}: ${said.slice(0, 200)}`)))
    })
    req.on('timeout', () => req.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    req.on('error', (error) => fail(`failed: ${error.message}`, error))
    req.end()
  })
}

export const keepAlive = () => new Agent({ keepAlive: true, maxSockets: 2 })
