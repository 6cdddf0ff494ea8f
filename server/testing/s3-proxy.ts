/** A proxy before an S3 server, in which requests and answers go wrong as a test wants it. */
import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

export type S3Mishap =
  /** The store answers that it does not do it. */
  | { kind: 'refused'; status: number; code: string }
  /** It is taken, and never answered. */
  | { kind: 'hangs' }
  /** The connection is reset after so many bytes of what is sent, or of the answer. */
  | { kind: 'reset'; of: 'request' | 'answer'; after: number }
  /** The answer ends after so many bytes, without a sign. */
  | { kind: 'truncated'; after: number }
  /** It takes place, and the answer is lost. */
  | { kind: 'lost' }
  /** Bytes of the answer come so many at a time, with ms between. */
  | { kind: 'slow'; bytes: number; ms: number }
  /** The first byte is another one when it arrives. */
  | { kind: 'changed'; of: 'request' | 'answer' }

export interface Asked {
  method: string
  /** Without the bucket; with the query. */
  path: string
}

const errorBody = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>a test wants it</Message></Error>`

const changed = (chunk: Buffer): Buffer => {
  const other = Buffer.from(chunk)
  other[0] = (other[0] ?? 0) ^ 1
  return other
}

/** Resolves when more may be written, or nothing can be any more. */
async function drained(stream: Writable): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  const either = [once(stream, 'drain', { signal }), once(stream, 'close', { signal })]
  await Promise.race(either).finally(() => over.abort())
  await Promise.allSettled(either)
}

/** Takes all of a body, and does nothing with it. */
async function swallow(body: IncomingMessage): Promise<void> {
  try {
    for await (const _ of body);
  } catch {
    // Whoever sent it has gone.
  }
}

export class S3Proxy {
  /** What becomes of a request; null: it goes through. */
  mishap: (asked: Asked) => S3Mishap | null = () => null
  /** What was asked, in order. */
  readonly asked: Asked[] = []
  readonly #server = createServer((request, response) => void this.#take(request, response))
  readonly #far: number
  readonly #open = new Set<Socket>()
  /** The most connections there were at once. */
  most = 0

  private constructor(far: number) {
    this.#far = far
    this.#server.on('connection', (socket: Socket) => {
      this.#open.add(socket)
      this.most = Math.max(this.most, this.#open.size)
      socket.once('close', () => this.#open.delete(socket))
      socket.on('error', () => {})
    })
  }

  /** @param far port of the server */
  static async lay(far: number): Promise<S3Proxy> {
    const proxy = new S3Proxy(far)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = {
      method: request.method ?? '',
      path: (request.url ?? '').replace(/^\/[^/?]*\/?/, ''),
    }
    this.asked.push(asked)
    const mishap = this.mishap(asked)
    request.on('error', () => {})
    if (mishap?.kind === 'hangs') return swallow(request)
    if (mishap?.kind === 'reset' && mishap.of === 'request' && mishap.after === 0) {
      request.socket.resetAndDestroy()
      return
    }
    if (mishap?.kind === 'refused') {
      await swallow(request)
      response.writeHead(mishap.status, { 'content-type': 'application/xml', date: new Date().toUTCString() })
      // An answer to HEAD has no body.
      response.end(asked.method === 'HEAD' ? undefined : errorBody(mishap.code))
      return
    }
    this.#forward(request, response, mishap)
  }

  #forward(request: IncomingMessage, response: ServerResponse, mishap: S3Mishap | null): void {
    const near = request.socket
    const far = ask({
      host: '127.0.0.1',
      port: this.#far,
      method: request.method,
      path: request.url,
      headers: request.rawHeaders,
      setHost: false,
      agent: false,
    })
    // A server that is away is one that resets.
    far.on('error', () => near.resetAndDestroy())
    far.on('response', (answer) => {
      answer.on('error', () => near.resetAndDestroy())
      void this.#answer(answer, response, mishap).catch(() => near.resetAndDestroy())
    })
    const end = () => far.destroy()
    near.once('close', end)
    far.once('close', () => near.off('close', end))
    void this.#send(request, far, mishap).catch(() => far.destroy())
  }

  async #send(request: IncomingMessage, far: ReturnType<typeof ask>, mishap: S3Mishap | null): Promise<void> {
    let sent = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (mishap?.kind === 'reset' && mishap.of === 'request' && sent + chunk.length > mishap.after) {
        request.socket.resetAndDestroy()
        return
      }
      const first = sent === 0 && mishap?.kind === 'changed' && mishap.of === 'request'
      if (!far.write(first ? changed(chunk) : chunk)) await drained(far)
      sent += chunk.length
    }
    far.end()
  }

  async #answer(answer: IncomingMessage, response: ServerResponse, mishap: S3Mishap | null): Promise<void> {
    const { socket } = response
    if (mishap?.kind === 'lost') {
      await swallow(answer)
      socket?.resetAndDestroy()
      return
    }
    response.writeHead(answer.statusCode ?? 500, answer.rawHeaders)
    let got = 0
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      const end = cutAt(mishap, got, chunk.length)
      if (end !== null) {
        response.write(chunk.subarray(0, end))
        if (mishap?.kind === 'truncated') socket?.destroySoon()
        else setImmediate(() => socket?.resetAndDestroy())
        return
      }
      const first = got === 0 && mishap?.kind === 'changed' && mishap.of === 'answer'
      await write(response, first ? changed(chunk) : chunk, mishap)
      got += chunk.length
    }
    response.end()
  }
}

/** Bytes of this chunk that still arrive before the answer ends; null: it does not end in it. */
function cutAt(mishap: S3Mishap | null, got: number, length: number): number | null {
  const cuts = mishap?.kind === 'truncated' || (mishap?.kind === 'reset' && mishap.of === 'answer')
  return cuts && got + length > mishap.after ? Math.max(0, mishap.after - got) : null
}

async function write(response: ServerResponse, chunk: Buffer, mishap: S3Mishap | null): Promise<void> {
  const [step, ms] = mishap?.kind === 'slow' ? [mishap.bytes, mishap.ms] : [chunk.length, 0]
  for (let at = 0; at < chunk.length; at += step) {
    if (response.destroyed) return
    if (!response.write(chunk.subarray(at, at + step))) await drained(response)
    if (ms > 0) await pause(ms)
  }
}
