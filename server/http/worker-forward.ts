/**
 * Hands what workers of the pool ask to the desk, which is where the scheduler is: bytes both ways, nothing kept. Who
 * asks, and whether they may, is the desk's to say.
 */
import { statSync } from 'node:fs'
import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { codeOfStatus } from '../domain/errors/errors.ts'

export const workerPrefix = '/api/worker/'

/** Headers that say something to the desk; all others stay here. */
const passedOn = [
  'authorization',
  'content-type',
  'content-length',
  'transfer-encoding',
  'dagbok-worker',
  'dagbok-attempt',
]

const away = 'The schedulers are not there at the moment. Try again.'

function unavailable(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' })
  response.end(JSON.stringify({ message: away, code: codeOfStatus(503) }))
}

/** A folder below the temp folder that is somebody else's has somebody else's socket in it. */
function isOurs(socketPath: string): boolean {
  const info = statSync(dirname(socketPath), { throwIfNoEntry: false })
  return info !== undefined && (process.getuid === undefined || info.uid === process.getuid())
}

export function forwardToDesk(request: IncomingMessage, response: ServerResponse, socketPath: string): void {
  if (!isOurs(socketPath)) return unavailable(response)
  const headers = Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = request.headers[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const asked = ask({ socketPath, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.once('error', () => response.destroy())
    answer.pipe(response)
  })
  asked.once('error', () => unavailable(response))
  // Whoever hangs up wants no answer any more: the desk hears of it, too.
  response.once('close', () => response.writableFinished || asked.destroy())
  request.once('error', () => asked.destroy())
  request.pipe(asked)
}
