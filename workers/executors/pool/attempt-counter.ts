/** What a worker may do with an attempt that it holds: everything here is fenced by the attempt's token. */
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { liveAttemptIds, mayRead } from '#db/queries/worker.ts'
import type { BlobLinks } from '#server/storage/artifact-store.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { bodyOf, bytesOf, sendJson, type Call } from './call.ts'
import type { Clerk, Held } from './clerk.ts'
import type { DeskOptions } from './desk.ts'
import {
  attemptHeader,
  bringing,
  directBytes,
  end,
  isUuid,
  linkMs,
  logChunk,
  nobody,
  nothing,
  partBytes,
  starting,
  withHandle,
} from './protocol.ts'
import type { Uploads } from './uploads.ts'

/** ms for which nobody is sent to a store that was not reached. */
const unreachedMs = 600_000

interface Options extends Pick<DeskOptions, 'db' | 'sink' | 'artifacts' | 'files' | 'log'> {
  uploads: Uploads
  clerk: Clerk
}

/** What is asked of an attempt, to bring bytes to it and from it. */
export type Attempt = Pick<Held, 'id' | 'token' | 'runId' | 'versionId'>

/** A worker that went away in the middle is no fault of ours; all else is. */
function unlessGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
}

export class AttemptCounter {
  readonly #options: Options
  /** ms of a clock that never goes back. */
  readonly #now: () => number
  #unreachedUntil = -Infinity

  constructor(options: Options, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** Removes uploads of attempts that are over. */
  async sweep(): Promise<void> {
    const live = new Set(await liveAttemptIds(this.#options.db))
    await this.#options.uploads.sweep((attemptId) => !live.has(attemptId))
  }

  /** @throws DagbokError `not_found` for what this worker does not hold: it was fenced, or is another's */
  async answer(call: Call, workerId: string): Promise<void> {
    const token = String(call.request.headers[attemptHeader] ?? '')
    // What is no token holds nothing; Postgres would not take it for one.
    const held = await this.#options.clerk.held(workerId, isUuid(token) ? token : nobody)
    const [, what = '', name = ''] = call.path.split('/')
    if (what === 'submitted') return this.#submitted(call, held)
    if (what === 'start') return this.#start(call, held)
    if (what === 'log') return this.#log(call, held)
    if (what === 'end') return this.#end(call, held)
    return this.bring(call, held, what, name)
  }

  /**
   * Bytes to and from an attempt, whoever runs it.
   * @param what `files`, `blobs`, `link` for an address to bring one to, or `unreached`: that such addresses are not reached
   * @throws DagbokError `not_found` when it is something else
   */
  async bring(call: Call, attempt: Attempt, what: string, name: string): Promise<void> {
    if (what === 'files') return this.#files(call, attempt)
    if (what === 'blobs' && call.request.method === 'GET') return this.#read(call, attempt, name)
    if (what === 'blobs') return this.#upload(call, attempt, name)
    if (what === 'link') return this.#link(call)
    if (what === 'unreached') return this.#unreached(call, attempt)
    throw new DagbokError('not_found', 'There is nothing about attempts under this path.')
  }

  async #submitted(call: Call, held: Held): Promise<void> {
    const { handle } = await bodyOf(call, withHandle)
    sendJson(call.response, { ok: await this.#options.clerk.submitted(held, handle) })
  }

  async #start(call: Call, held: Held): Promise<void> {
    sendJson(call.response, await this.#options.clerk.start(held, await bodyOf(call, starting)))
  }

  async #log(call: Call, held: Held): Promise<void> {
    const chunk = await bodyOf(call, logChunk)
    await this.#options.artifacts.stat(chunk.hash)
    sendJson(call.response, { ok: await this.#options.sink.appendLog(held.token, chunk) })
  }

  async #files(call: Call, held: Attempt): Promise<void> {
    const versionId = held.versionId
    const archive = pack()
    call.response.writeHead(200, { 'content-type': 'application/x-tar' })
    const sent = pipeline(archive, call.response)
    // Whoever hangs up before there is a first file is heard of below.
    sent.catch(() => {})
    const fill = async () => {
      for await (const { path, mode, bytes } of this.#options.files(versionId, held.token)) {
        const content = Buffer.from(bytes)
        if (mode === '120000')
          archive.entry({ name: path, type: 'symlink', linkname: content.toString(), size: 0 })
        else {
          const written = new Promise<void>((done, failed) => {
            archive.entry({ name: path, mode: mode === '100755' ? 0o755 : 0o644 }, content, (error) =>
              error ? failed(error) : done(),
            )
          })
          await Promise.race([written, sent])
        }
      }
      archive.finalize()
    }
    try {
      await fill()
    } catch (error) {
      archive.destroy(error as Error)
    }
    await sent.catch(unlessGone)
  }

  /** An input: what was published in its run. */
  async #read(call: Call, held: Attempt, hash: string): Promise<void> {
    const { db, artifacts } = this.#options
    if (!(await mayRead(db, held.runId, hash))) throw new DagbokError('not_found', 'There is no such blob.')
    const { size } = await artifacts.stat(hash)
    if (call.url.searchParams.get('direct') === '1' && size >= directBytes && this.#links !== null) {
      const named = { name: hash, mediaType: 'application/octet-stream' }
      const url = await this.#links.download(hash, named, linkMs)
      call.response.setHeader('x-direct', '1')
      return sendJson(call.response, { url, size })
    }
    const start = Math.min(size, Number(call.url.searchParams.get('from') ?? 0) || 0)
    const source = await artifacts.read(hash, { start, end: size })
    call.response.writeHead(200, { 'content-type': 'application/octet-stream', 'x-size': String(size) })
    // Whoever reads counts the bytes: one that is cut off is seen, and asked for from there.
    await pipeline(source, call.response).catch(unlessGone)
  }

  /** Where those who run attempts may ask the store themselves; null where they may not, or have not reached it just now. */
  get #links(): BlobLinks | null {
    return this.#now() < this.#unreachedUntil ? null : this.#options.artifacts.links
  }

  /** Where to bring a blob that is known already. What has other bytes is refused there. */
  async #link(call: Call): Promise<void> {
    const blob = await bodyOf(call, bringing)
    const links = this.#links
    const link = links === null || blob.size > links.longestUpload ? null : await links.upload(blob, linkMs)
    sendJson(call.response, { link })
  }

  async #unreached(call: Call, { id }: Attempt): Promise<void> {
    await bodyOf(call, nothing)
    this.#unreachedUntil = this.#now() + unreachedMs
    this.#options.log.warn(
      { attempt: id },
      'the store is not reached from where attempts run: bytes go through here',
    )
    sendJson(call.response, {})
  }

  async #upload(call: Call, held: Attempt, upload: string): Promise<void> {
    if (!isUuid(upload)) throw new DagbokError('bad_input', 'An upload is named by a UUID.')
    const { searchParams } = call.url
    const offset = Number(searchParams.get('offset') ?? -1)
    if (!Number.isSafeInteger(offset) || offset < 0)
      throw new DagbokError('bad_input', '`offset` must be a number of bytes.')
    const bytes = await bytesOf(call.request, partBytes)
    const last = searchParams.get('last') === '1'
    const blob = await this.#options.uploads.take({ attemptId: held.id, upload, offset, last, bytes })
    sendJson(call.response, { blob })
  }

  /** The manifest: what it names must be in the store, and is published with the end or not at all (R13). */
  async #end(call: Call, held: Held): Promise<void> {
    const given = await bodyOf(call, end)
    const { artifacts, clerk, uploads } = this.#options
    for (const { hash, size, name } of given.outputs)
      if ((await artifacts.stat(hash)).size !== size)
        throw new DagbokError('bad_input', `The output ${name} has another size in the store.`)
    const ok = await clerk.end(held, given)
    await uploads.sweep((attemptId) => attemptId === held.id)
    sendJson(call.response, { ok })
  }
}
