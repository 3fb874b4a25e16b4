import type undici from 'undici'
import client from 'undici/lib/dispatcher/client.js'
import pool from 'undici/lib/dispatcher/pool.js'

/*
 * What the load needs of undici: with all the rest (fetch, caches, WebSocket) loading it takes 100 ms of processor time in
 * place of 40, while Envoy and the stubs come up.
 */
export const Client: typeof undici.Client = client
export type Client = undici.Client
export const Pool: typeof undici.Pool = pool
