import { ChaosError } from '../errors.ts'
import { TAKEN } from './spec.ts'

/** Names the server and its address; that the port is taken in the words that the other side looks for. */
export function cannotListen(name: string, host: string, port: number, error: { code?: string | undefined; message?: string }): ChaosError {
  const reason = error.code === 'EADDRINUSE' ? TAKEN : error.message
  return new ChaosError('environment', `cannot listen on ${host}:${port} for ${name}: ${reason}`)
}
