/**
 * The web process: one http server in front of Next. It answers only to the names it was given (S11), bounds what a
 * caller without a session can cost (S8), and tells the supervisor when it listens.
 */
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import next from 'next'
import { openDatabase } from '#db/client.ts'
import { allowsHost, allowsOrigin } from '#server/auth/address.ts'
import { isLoopback } from '#server/config/read.ts'
import { setNextAuthUrl, webSettings, type WebSettings } from '#server/config/web.ts'
import { setWebContext } from '#server/web-context.ts'

const root = resolve(import.meta.dirname, '..')

/** Listens on the port, or on the next free one after it; `0` is any. */
async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  for (let tried = port; ; tried++) {
    const fault = await new Promise<NodeJS.ErrnoException | null>((done) => {
      server.once('error', done)
      server.listen(tried, host, () => {
        server.off('error', done)
        done(null)
      })
    })
    if (fault === null) return (server.address() as AddressInfo).port
    if (fault.code !== 'EADDRINUSE' || tried >= Math.min(port + 100, 65_535)) throw fault
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  response.end(`${message}\n`)
}

async function start(settings: WebSettings): Promise<void> {
  const db = openDatabase(settings.databaseUrl, { max: 10, applicationName: 'dagbok web' })
  let handle: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | null = null
  let publicUrl = ''
  const server = createServer((request, response) => {
    if (!allowsHost(publicUrl, request.headers.host))
      return refuse(response, 421, 'This address is not served here.')
    if (!allowsOrigin(publicUrl, request.method ?? 'GET', request.headers.origin))
      return refuse(response, 403, 'Requests from other sites are refused.')
    if (Number(request.headers['content-length'] ?? 0) > 10 * 2 ** 20)
      return refuse(response, 413, 'The body is too large.')
    if (handle === null) return refuse(response, 503, 'Starting.')
    handle(request, response).catch(() => {
      if (!response.headersSent) refuse(response, 500, 'Something went wrong here. It was logged.')
    })
  })
  server.requestTimeout = 120_000
  server.headersTimeout = 20_000
  const port = await listen(server, settings.host, settings.port)
  const shown = isLoopback(settings.host) ? settings.host : '127.0.0.1'
  publicUrl = settings.publicUrl ?? `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
  setNextAuthUrl(publicUrl)
  setWebContext({ db, sessionSecret: settings.sessionSecret, publicUrl })
  const app = next({ dev: false, dir: root, hostname: settings.host, port })
  await app.prepare()
  handle = app.getRequestHandler()
  process.send?.({ type: 'ready', url: publicUrl })

  const stop = () => {
    server.close()
    server.closeAllConnections()
    void db.close().finally(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', () => {})
  // Without the supervisor nobody would end this process: it ends itself.
  process.once('disconnect', stop)
}

const settings = webSettings()
if (!existsSync(join(root, settings.buildFolder))) {
  console.error(`There is no build in ${settings.buildFolder}: start with \`npm start\`, which makes it.`)
  process.exit(1)
}
await start(settings)
