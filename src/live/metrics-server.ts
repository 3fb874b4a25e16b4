import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { METRICS_END } from '../report/metric-lines.ts'
import { LiveMetrics } from './live-metrics.ts'
import { HOST, isOurName, listenOnLoopback } from './loopback.ts'

/** @see https://prometheus.io/docs/specs/om/open_metrics_spec/#protocol-negotiation */
const CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Where a Prometheus on this machine finds the run that goes on: at one port, also of several runs one after the other. */
export class MetricsServer {
  readonly #server: Server
  readonly #port: number
  #now: LiveMetrics | undefined

  private constructor(server: Server, port: number) {
    this.#server = server
    this.#port = port
    server.on('request', (request, response) => this.#answer(request, response))
  }

  /** @param port - 0: any that is free. @throws ChaosError where it cannot be had */
  static async listen(port: number): Promise<MetricsServer> {
    const { server, port: own } = await listenOnLoopback(port, '--metrics-port')
    return new MetricsServer(server, own)
  }

  get url(): string {
    return `http://${HOST}:${this.#port}/metrics`
  }

  /** From now on this run is told. */
  begin(...about: ConstructorParameters<typeof LiveMetrics>): LiveMetrics {
    this.#now = new LiveMetrics(...about)
    return this.#now
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer({ url, method, headers }: IncomingMessage, response: ServerResponse): void {
    const refused = this.#refusal(headers.host, url, method)
    if (refused === null) response.writeHead(200, { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' })
    else response.writeHead(refused)
    response.end(refused === null && method === 'GET' ? (this.#now?.render() ?? METRICS_END) : undefined)
  }

  /** @returns the status; null where there is nothing to refuse */
  #refusal(host: string | undefined, url: string | undefined, method: string | undefined): number | null {
    if (!isOurName(host, this.#port)) return 403
    if (url?.split('?')[0] !== '/metrics') return 404
    return method === 'GET' || method === 'HEAD' ? null : 405
  }
}
