/**
 * The web process: one http server in front of Next. It answers only to the names it was given (S11), bounds what a
 * caller without a session can cost (S8), and tells the supervisor when it listens.
 */
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import next from 'next'
import { pino } from 'pino'
import { openDatabase } from '#db/client.ts'
import { throughOutages } from '#db/outage.ts'
import { holdToSchema, watchSchema } from '#db/schema-guard.ts'
import { allowsHost, allowsOrigin } from '#server/auth/address.ts'
import { isLoopback } from '#server/config/read.ts'
import { deskSocket } from '#server/config/desk.ts'
import { statementMs, storeShownMs } from '#server/config/patience.ts'
import { productSettings } from '#server/config/product.ts'
import { setNextAuthUrl, webSettings, type WebSettings } from '#server/config/web.ts'
import { codeOfStatus } from '#server/domain/errors/errors.ts'
import { handleGit } from '#server/git/http.ts'
import { HostedRepositories } from '#server/git/hosted.ts'
import { ThreadedCompiler } from '#server/services/compile/threaded-compiler.ts'
import { SecretBox } from '#server/services/secret/secret-box.ts'
import { TableProcess } from '#server/services/comparison/table-process.ts'
import { gitEndpoint } from '#server/services/push/git-endpoint.ts'
import { productDisks } from '#server/storage/disks.ts'
import { openStore } from '#server/storage/open-store.ts'
import { forwardToDesk, workerPrefix } from '#server/http/worker-forward.ts'
import { LiveHub } from '#server/http/live-hub.ts'
import { Metrics } from '#server/http/metrics.ts'
import { setWebContext, type WebContext } from '#server/web-context.ts'

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

/**
 * What a Prometheus or a kubelet asks knows the address of a machine or a pod only. A page of another site learns nothing by it: the
 * one has no secrets, the other wants a token that no browser sends by itself.
 */
const forAnyName = (url = '') => /^\/(metrics|api\/health\/(live|ready))(\?|$)/.test(url)

/** In the shape of the API's errors where it is the API that was asked. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  const asJson = request.url?.startsWith('/api/') === true
  const type = asJson ? 'application/json' : 'text/plain; charset=utf-8'
  response.writeHead(status, { 'content-type': type, connection: 'close' })
  response.end(asJson ? JSON.stringify({ message, code: codeOfStatus(status) }) : `${message}\n`)
}

/** ms that a body which is refused may go on arriving: a client reads no answer while it still sends. */
const lingerMs = 5000

function refuseBody(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ message, code: codeOfStatus(status) }))
  const timer = setTimeout(() => request.destroy(), lingerMs)
  request.once('close', () => clearTimeout(timer))
  request.resume()
}

/** Bytes of a body, where its length is told. */
const longest = 10 * 2 ** 20

/** Routes that count the bytes of a body as they come. Whoever else reads one reads all of it, also from a stranger. */
const counts = (url = '') => /^\/api\/(v1|hooks)\//.test(url)

/** Refuses a body that is too large, or may be. @returns whether it did */
function bodyRefused(request: IncomingMessage, response: ServerResponse): boolean {
  if (Number(request.headers['content-length'] ?? 0) > longest)
    refuseBody(request, response, 413, 'The body is too large.')
  else if (request.headers['transfer-encoding'] !== undefined && !counts(request.url))
    refuseBody(request, response, 411, 'Say how long the body is: send it with a Content-Length.')
  else return false
  return true
}

/** ms in which a request has to be here whole. A push, and what a worker brings, may take as long as the server allows. */
const arrivalMs = 120_000

function boundArrival(request: IncomingMessage): void {
  const timer = setTimeout(() => {
    if (!request.complete) request.destroy()
  }, arrivalMs)
  request.once('close', () => clearTimeout(timer))
}

/** A path as it may stand in a log: without the query, and without a share link's secret. */
const loggedPath = (url = ''): string => url.replace(/\?.*$/s, '').replace(/^\/share\/[^/]*/, '/share/…')

async function start(settings: WebSettings): Promise<void> {
  const product = productSettings()
  const { dataFolder, runtimeFolder, logLevel } = product
  const disks = productDisks(product)
  const desk = deskSocket(runtimeFolder).path
  const db = openDatabase(settings.databaseUrl, { max: 10, applicationName: 'dagbok web', statementMs })
  const log = pino({ level: logLevel, base: { process: 'web' } })
  const away = (error: unknown) => log.warn({ err: error }, 'the database cannot be asked; trying again')
  await holdToSchema(db.client, away)
  const repositories = new HostedRepositories(join(dataFolder, 'repositories'))
  await repositories.recover()
  const store = await openStore(product.store, 'web', storeShownMs)
  const context: WebContext = {
    db,
    artifacts: store.artifacts,
    store: store.watch,
    repositories,
    compiler: new ThreadedCompiler((details) => log.error({ details }, 'a notebook could not be compiled')),
    log,
    deployment: product.deployment,
    clusters: product.clusters,
    disks,
    tables: new TableProcess(),
    secrets: new SecretBox(product.secretsKey),
    publicUrl: '',
    sessionSecret: settings.sessionSecret,
    live: new LiveHub(db),
    metrics: new Metrics(db, disks, product.deployment),
  }
  await throughOutages(() => context.live.start(), away)
  const git = gitEndpoint(context)
  // Pods may reach it by another name than people, and ask for what is theirs only.
  const ofPods = product.clusters.map(({ address }) => address)
  let handle: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | null = null
  const server = createServer((request, response) => {
    const { host } = request.headers
    const forWorkers = request.url?.startsWith(workerPrefix) === true
    const isNamed =
      allowsHost(context.publicUrl, host) ||
      forAnyName(request.url) ||
      (forWorkers && ofPods.some((address) => allowsHost(address, host)))
    if (!isNamed) return refuse(request, response, 421, 'This address is not served here.')
    if (!allowsOrigin(context.publicUrl, request.method ?? 'GET', request.headers.origin))
      return refuse(request, response, 403, 'Requests from other sites are refused.')
    if (request.url?.startsWith('/git/') === true) return handleGit(request, response, git)
    if (forWorkers) return forwardToDesk(request, response, desk)
    if (bodyRefused(request, response)) return
    if (handle === null) return refuse(request, response, 503, 'Starting.')
    boundArrival(request)
    handle(request, response).catch((error: unknown) => {
      context.log.error({ err: error, path: loggedPath(request.url) }, 'a request failed')
      if (!response.headersSent) refuse(request, response, 500, 'Something went wrong here. It was logged.')
    })
  })
  server.requestTimeout = 3_600_000
  server.headersTimeout = 20_000
  const port = await listen(server, settings.host, settings.port)
  const shown = isLoopback(settings.host) ? settings.host : '127.0.0.1'
  context.publicUrl = settings.publicUrl ?? `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
  setNextAuthUrl(context.publicUrl)
  setWebContext(context)
  // The workers need the address, and can start beside the rest of this.
  process.send?.({ type: 'listening', url: context.publicUrl })
  const app = next({ dev: false, dir: root, hostname: settings.host, port })
  await app.prepare()
  handle = app.getRequestHandler()
  process.send?.({ type: 'ready', url: context.publicUrl })

  const stop = (code: number) => {
    server.close()
    server.closeAllConnections()
    void db.close().finally(() => process.exit(code))
  }
  watchSchema(db.client, stop)
  process.once('SIGTERM', () => stop(0))
  process.once('SIGINT', () => {})
  // Without the supervisor nobody would end this process: it ends itself.
  process.once('disconnect', () => stop(0))
}

const settings = webSettings()
if (!existsSync(join(root, settings.buildFolder))) {
  console.error(`There is no build in ${settings.buildFolder}: start with \`npm start\`, which makes it.`)
  process.exit(1)
}
await start(settings)
