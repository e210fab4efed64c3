import { createServer, type Server } from 'node:http'
import { readRuns } from '../history/runs.js'
import { pageOf } from '../report/html/page.js'
import { metricsOf } from '../report/metrics.js'

export interface ServeOrder {
  readonly host: string
  readonly port: number
  /** The state folder that is shown. */
  readonly state: string
  /** Whether the watch does what it should: a sentence where not. */
  readonly ailing: () => string | undefined
}

/** Serves `/metrics`, `/healthz` and the report page until it is closed; rejects where it cannot listen. */
export function serve({ host, port, state, ailing }: ServeOrder): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 8192 }, (request, response) => {
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') send(405, 'text/plain', 'only GET and HEAD\n')
      else if (path === '/healthz') send(ailing() === undefined ? 200 : 503, 'text/plain; charset=utf-8', `${ailing() ?? 'ok'}\n`)
      else if (path === '/metrics') send(200, ...metrics(state, request.headers.accept ?? ''))
      else if (path === '/') send(200, 'text/html; charset=utf-8', pageOf(readRuns(state, shownRuns), new Date()))
      else send(404, 'text/plain', 'there are /, /metrics and /healthz\n')
    } catch (error) {
      send(500, 'text/plain; charset=utf-8', `${(error as Error).message}\n`)
    }
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

/** The page of a watch shows this many of its newest runs, so that it stays quick; `report` shows all. */
const shownRuns = 200

function metrics(state: string, accept: string): readonly [type: string, body: string] {
  const runs = readRuns(state, shownRuns)
  return accept.includes('application/openmetrics-text')
    ? ['application/openmetrics-text; version=1.0.0; charset=utf-8', metricsOf(runs)]
    : ['text/plain; version=0.0.4; charset=utf-8', metricsOf(runs, 'prometheus')]
}
