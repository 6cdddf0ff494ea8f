/** The artifact store as one attempt may use it from a worker: in parts, each of which may be sent again. */
import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { AttemptStore, StoredBlob } from '#server/storage/artifact-store.ts'
import { partsOf } from '#server/storage/parts.ts'
import { pause, type DeskClient } from './desk-client.ts'
import { Direct, measure } from './direct.ts'
import { directBytes, partBytes } from './protocol.ts'

/** Where a blob is read that is longer than most. */
interface DirectLink {
  url: string
  size: number
}

/** ms for one part: slow networks are no fault. */
const patience = 110_000

export class RemoteStore implements AttemptStore {
  readonly #client: DeskClient
  readonly #token: string
  readonly #signal: AbortSignal
  readonly #direct: Direct

  /** @param signal ends what is under way when the attempt is fenced */
  constructor(client: DeskClient, token: string, signal: AbortSignal) {
    this.#client = client
    this.#token = token
    this.#signal = signal
    this.#direct = new Direct(client, token, signal)
  }

  /** What is large goes straight to the store, where it can. */
  async putFile(open: () => Readable): Promise<StoredBlob> {
    const blob = await measure(open())
    if (blob.size >= directBytes && (await this.#direct.put(blob, open))) return blob
    return this.put(open())
  }

  async put(source: Readable | Uint8Array): Promise<StoredBlob> {
    const upload = randomUUID()
    const hash = createHash('sha256')
    let offset = 0
    for await (const { bytes, last } of partsOf(source, () => partBytes)) {
      hash.update(bytes)
      const { blob } = await this.#client.insist<{ blob: StoredBlob | null }>(
        `attempt/blobs/${upload}?offset=${offset}${last ? '&last=1' : ''}`,
        { method: 'PUT', attempt: this.#token, body: bytes, signal: this.#signal, patience },
      )
      offset += bytes.length
      if (!last) continue
      if (blob === null || blob.hash !== hash.digest('hex') || blob.size !== offset)
        throw new DagbokError('unavailable', 'The artifact store has other bytes than those that were sent.')
      return blob
    }
    throw new DagbokError('unavailable', 'The upload did not come to its end.')
  }

  /** Goes on where it was cut off. The stream fails when its bytes are not those of the hash. */
  read(hash: string): Promise<Readable> {
    return Promise.resolve(Readable.from(this.#bytes(hash), { objectMode: false }))
  }

  /** Its bytes, or where they are. */
  #ask(query: string): Promise<{ response: Response; link: DirectLink | null }> {
    return this.#client.again(async () => {
      const response = await this.#client.send(`attempt/blobs/${query}`, {
        method: 'GET',
        attempt: this.#token,
        signal: this.#signal,
        patience: 24 * 3_600_000,
      })
      if (!response.headers.has('x-direct')) return { response, link: null }
      const link = await response.json().catch((cause: unknown) => {
        throw new DagbokError('unavailable', 'The address of a blob did not come to its end.', { cause })
      })
      return { response, link: link as DirectLink }
    }, this.#signal)
  }

  async *#bytes(hash: string): AsyncGenerator<Uint8Array> {
    const sum = createHash('sha256')
    let isDirect = true
    for (let [at, size] = [0, Infinity]; at < size;) {
      const { response, link } = await this.#ask(`${hash}?from=${at}${isDirect ? '&direct=1' : ''}`)
      // What does not come that way is asked for here.
      isDirect = false
      size = link?.size ?? Number(response.headers.get('x-size'))
      const from = at
      try {
        for await (const chunk of link === null ? (response.body ?? []) : this.#direct.rest(link.url, at)) {
          sum.update(chunk)
          at += chunk.byteLength
          yield chunk
        }
      } catch (error) {
        // Cut off: the rest is asked for. Whoever stops reading ends this generator instead.
        if (this.#signal.aborted) throw error
      }
      if (link === null && at === from && at < size) await pause(1000, this.#signal)
    }
    if (sum.digest('hex') !== hash)
      throw new DagbokError('unavailable', 'The bytes of an input are not those that were stored.')
  }
}
