import { createRequire } from 'node:module'
import type undici from 'undici'

/*
 * What the load needs of undici: with all the rest (fetch, caches, WebSocket) loading it takes 100 ms of processor time in
 * place of 40, while Envoy and the stubs come up.
 */
const require = createRequire(import.meta.url)

export const Client: typeof undici.Client = require('undici/lib/dispatcher/client.js')
export type Client = undici.Client
export const Pool: typeof undici.Pool = require('undici/lib/dispatcher/pool.js')
