import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveData } from '../page/live-data.ts'
import { renderLivePage } from '../page/render-page.ts'
import { LivePage } from './live-page.ts'
import { HOST, isOurName, listenOnLoopback } from './loopback.ts'

const TELL_EVERY_MS = 500
/** More pages than anybody looks at would take time from the load. */
const MOST_PAGES = 8
/** For the pages that are open to fetch the report, before the port is closed. */
const FETCH_WITHIN_MS = 3000
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "frame-ancestors 'none'",
}

/** Where a browser on this machine sees the run that goes on, and its report when it is over, at one address. */
export class PageServer {
  readonly #server: Server
  readonly #port: number
  readonly #template: string
  readonly #pages = new Set<ServerResponse>()
  #timer: NodeJS.Timeout | undefined
  #now: LivePage | undefined
  #report: string | undefined
  /** Reports that are still to be fetched by who saw the run. */
  #awaited = 0
  #onFetched = () => {}

  private constructor(server: Server, port: number, template: string) {
    this.#server = server
    this.#port = port
    this.#template = template
    server.on('request', (request, response) => this.#answer(request, response))
  }

  /** @param port - 0: any that is free. @throws ChaosError where it cannot be had */
  static async listen(port: number, template: string): Promise<PageServer> {
    const { server, port: own } = await listenOnLoopback(port, '--ui-port')
    return new PageServer(server, own, template)
  }

  get url(): string {
    return `http://${HOST}:${this.#port}/`
  }

  begin(about: ConstructorParameters<typeof LivePage>[0], of: Omit<ConstructorParameters<typeof LivePage>[1], 'clock'>): LivePage {
    this.#now = new LivePage(about, { ...of, clock: () => performance.now() })
    return this.#now
  }

  /** From now on the report is told, and the pages that are open have it when this resolves, or are too slow. */
  async show(report: string): Promise<void> {
    this.#report = report
    clearInterval(this.#timer)
    this.#awaited = this.#pages.size
    if (this.#awaited === 0) return
    const fetched = new Promise<void>((resolve) => {
      this.#onFetched = resolve
    })
    for (const page of this.#pages) page.end(OVER)
    const enough = new AbortController()
    await Promise.race([fetched, sleep(FETCH_WITHIN_MS, undefined, { signal: enough.signal })])
    enough.abort()
  }

  /** Goes on until told to end. @param ended - aborted then */
  async stay(ended: AbortSignal): Promise<void> {
    this.#server.ref()
    if (!ended.aborted) await once(ended, 'abort')
  }

  close(): void {
    clearInterval(this.#timer)
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer({ url, method, headers }: IncomingMessage, response: ServerResponse): void {
    const path = url?.split('?')[0]
    const refused = this.#refusal(headers, path, method)
    if (refused !== null) response.writeHead(refused, HEADERS).end()
    else if (path === '/events') this.#tell(response)
    else this.#give(response, method === 'GET')
  }

  #give(response: ServerResponse, isWhole: boolean): void {
    const page = this.#report ?? (this.#now === undefined ? undefined : renderLivePage(this.#template, this.#now.data()))
    if (page === undefined) {
      response.writeHead(503, { ...HEADERS, 'retry-after': '1' }).end()
      return
    }
    const isReport = this.#report !== undefined
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' })
    response.end(isWhole ? page : undefined, () => {
      if (isReport && isWhole && --this.#awaited <= 0) this.#onFetched()
    })
  }

  /** @returns the status; null where there is nothing to refuse */
  #refusal({ host, origin }: IncomingMessage['headers'], path: string | undefined, method: string | undefined): number | null {
    if (!isOurName(host, this.#port)) return 403
    if (origin !== undefined && origin !== `http://${host}`) return 403
    if (path !== '/' && path !== '/events') return 404
    if (method !== 'GET' && (method !== 'HEAD' || path === '/events')) return 405
    return path === '/events' && this.#pages.size >= MOST_PAGES ? 503 : null
  }

  #tell(page: ServerResponse): void {
    page.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    if (this.#report !== undefined) {
      page.end(OVER)
      return
    }
    page.write(`retry: 1000\n${this.#event()}`)
    this.#pages.add(page)
    page.on('close', () => {
      this.#pages.delete(page)
      if (this.#pages.size === 0) clearInterval(this.#timer)
    })
    if (this.#pages.size === 1) this.#timer = setInterval(() => this.#tellAll(), TELL_EVERY_MS).unref()
  }

  #tellAll(): void {
    const event = this.#event()
    // Who does not read on gets the next ones when it does.
    for (const page of this.#pages) if (!page.writableNeedDrain) page.write(event)
  }

  #event(): string {
    const data: LiveData | undefined = this.#now?.data()
    return data === undefined ? '' : `data: ${JSON.stringify(data)}\n\n`
  }
}

const OVER = 'event: over\ndata:\n\n'
