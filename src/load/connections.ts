import { Client } from './undici.ts'

/**
 * Connections without a limit, one request on each: callers do not queue for one another. The one that was free last is
 * taken first, so as few are open as the load needs; and however many there are, taking one costs the same.
 */
export class Connections {
  readonly #origin: string
  readonly #all = new Set<Client>()
  readonly #free: Client[] = []

  /** @param origin - `http://127.0.0.1:1234` */
  constructor(origin: string) {
    this.#origin = origin
  }

  /** One that carries no request; give it back, or drop it, when its request has ended. */
  take(): Client {
    return this.#free.pop() ?? this.#open()
  }

  giveBack(connection: Client): void {
    this.#free.push(connection)
  }

  /** After an error: nobody knows what is still on it. */
  drop(connection: Client): void {
    this.#all.delete(connection)
    connection.destroy().catch(() => {})
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((client) => client.destroy().catch(() => {})))
  }

  #open(): Client {
    const client = new Client(this.#origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 600_000,
      connectTimeout: 0,
    })
    this.#all.add(client)
    return client
  }
}
