/**
 * Bytes of an attempt that go straight to the store and from it, by addresses that the desk gives: whoever moves large blobs asks for
 * them, and does without where there are none, or where the store is not reached from here.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { StoredBlob, UploadLink } from '#server/storage/artifact-store.ts'
import { isPassing, pause, type DeskClient } from './desk-client.ts'
import { linkMs } from './protocol.ts'

/** ms that the store has to say anything at all: who is not let through to it hears nothing. */
const reachMs = 3000
/** Tries of one transfer that bring nothing further. */
const mostTries = 3
/** ms before the next of them. */
const againMs = 500

/** Its hash and size. */
export async function measure(source: Readable): Promise<StoredBlob> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    hash.update(chunk)
    size += chunk.length
  }
  return { hash: hash.digest('hex'), size }
}

export class Direct {
  readonly #client: Pick<DeskClient, 'call' | 'again'>
  readonly #token: string
  readonly #signal: AbortSignal
  /** By host, whether it is reached. */
  readonly #reached = new Map<string, Promise<boolean>>()

  constructor(client: Pick<DeskClient, 'call' | 'again'>, token: string, signal: AbortSignal) {
    this.#client = client
    this.#token = token
    this.#signal = signal
  }

  /** Whether there is anybody under an address; the desk hears it where there is not, and gives no more of them for a while. */
  async reaches(url: string): Promise<boolean> {
    const { origin } = new URL(url)
    const known = this.#reached.get(origin) ?? this.#probe(origin)
    this.#reached.set(origin, known)
    return known
  }

  async #probe(origin: string): Promise<boolean> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(reachMs)])
    try {
      await (await fetch(origin, { method: 'HEAD', redirect: 'manual', signal })).body?.cancel()
      return true
    } catch {
      this.#signal.throwIfAborted()
      await this.#ask('attempt/unreached', {}).catch(() => {})
      return false
    }
  }

  #ask<T>(path: string, body: unknown): Promise<T> {
    return this.#client.again(
      () => this.#client.call<T>(path, { attempt: this.#token, body, signal: this.#signal }),
      this.#signal,
    )
  }

  /** @returns whether it is there now; false: it is to be brought through the desk */
  async put(blob: StoredBlob, open: () => Readable): Promise<boolean> {
    for (let tries = 0; tries < mostTries; tries++) {
      const link = await this.#uploadLink(blob)
      if (link === null || !(await this.reaches(link.url))) return false
      if (await this.#send(link, open)) return true
      await pause(againMs, this.#signal)
      this.#signal.throwIfAborted()
    }
    return false
  }

  /** A desk of an earlier build knows of none. */
  async #uploadLink(blob: StoredBlob): Promise<UploadLink | null> {
    try {
      return (await this.#ask<{ link: UploadLink | null }>('attempt/link', blob)).link
    } catch (error) {
      if (error instanceof DagbokError && !isPassing(error) && error.code === 'not_found') return null
      throw error
    }
  }

  async #send({ url, method, headers }: UploadLink, open: () => Readable): Promise<boolean> {
    const body = open()
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(linkMs)])
    try {
      const sent = Readable.toWeb(body) as ReadableStream<Uint8Array>
      const init: RequestInit & { duplex: 'half' } = { method, headers, body: sent, duplex: 'half', signal }
      const response = await fetch(url, { ...init, redirect: 'error' })
      await response.body?.cancel()
      return response.ok
    } catch {
      this.#signal.throwIfAborted()
      return false
    } finally {
      body.destroy()
    }
  }

  /** The rest of a blob from `from` on, as far as it comes: the desk is asked for what is missing then. */
  async *rest(url: string, from: number): AsyncGenerator<Uint8Array> {
    if (!(await this.reaches(url))) return
    let at = from
    for (let tries = 0; tries < mostTries; tries++) {
      const before = at
      try {
        const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(linkMs)])
        const response = await fetch(url, { headers: { range: `bytes=${at}-` }, redirect: 'error', signal })
        if (response.status !== 206) {
          await response.body?.cancel()
          return
        }
        for await (const chunk of response.body ?? []) {
          at += chunk.byteLength
          yield chunk
        }
        return
      } catch {
        this.#signal.throwIfAborted()
      }
      if (at > before) tries = -1
      await pause(againMs, this.#signal)
    }
  }
}
