import { createRequire } from 'node:module'
import type { Pool as PoolType } from 'undici'

/**
 * The pool of connections alone: with all the rest (fetch, caches, WebSocket) loading undici takes 100 ms of processor
 * time in place of 40, while Envoy and the stubs come up.
 */
export const Pool: typeof PoolType = createRequire(import.meta.url)('undici/lib/dispatcher/pool.js')
