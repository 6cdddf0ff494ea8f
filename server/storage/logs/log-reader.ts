/** Pages of a log by line, and bytes by range; only the chunks that are needed are read. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import type { ArtifactStore } from '../artifact-store.ts'
import type { LogChunkRow } from './log-writer.ts'

const expand = promisify(gunzip)
/** Characters of a line that a page shows; the whole one is in the download. */
const widest = 20_000

export interface LogLines {
  /** Number of the first of `lines`, from 0. */
  firstLine: number
  lines: string[]
  /** Lines of the whole log, a last one without an end included. */
  totalLines: number
  totalBytes: number
}

async function plain(store: ArtifactStore, chunk: LogChunkRow): Promise<Buffer> {
  return expand(await buffer(await store.read(chunk.hash)))
}

/** Chunks that are on their way while one is looked at: a store behind a network is not waited for with each. */
const ahead = 8

/** The plain text of these chunks, in their order. */
async function* plainOf(store: ArtifactStore, chunks: readonly LogChunkRow[]): AsyncGenerator<Buffer> {
  const coming: Promise<Buffer>[] = []
  for (let next = 0; ;) {
    for (let chunk = chunks[next]; chunk !== undefined && coming.length < ahead; chunk = chunks[++next]) {
      const text = plain(store, chunk)
      // Its fault is heard when its turn comes, if it comes.
      text.catch(() => {})
      coming.push(text)
    }
    const first = coming.shift()
    if (first === undefined) return
    yield await first
  }
}

function totals(chunks: readonly LogChunkRow[]): { bytes: number; ends: number } {
  const last = chunks.at(-1)
  return last === undefined
    ? { bytes: 0, ends: 0 }
    : { bytes: last.byteOffset + last.bytes, ends: last.firstLine + last.lines }
}

/** Lines from `from` (0-based), `count` at most; a negative `from` counts from the end. */
export async function readLines(
  store: ArtifactStore,
  chunks: readonly LogChunkRow[],
  from: number,
  count: number,
): Promise<LogLines> {
  const { bytes, ends } = totals(chunks)
  const last = chunks.at(-1)
  if (last === undefined) return { firstLine: 0, lines: [], totalLines: 0, totalBytes: 0 }
  const lastBytes = await plain(store, last)
  const open = lastBytes.at(-1) === 10 ? 0 : 1
  const totalLines = ends + open
  const first = Math.max(0, from < 0 ? totalLines + from : Math.min(from, totalLines))
  const until = Math.min(totalLines, first + count)
  // A line begins in the chunk whose first line it is or follows; it may end in a later one.
  const begin = chunks.findIndex((chunk) => chunk.firstLine + chunk.lines >= first)
  const needed = chunks.slice(Math.max(0, begin)).filter((chunk) => chunk.firstLine < until)
  const shown: string[] = []
  let number = needed[0]?.firstLine ?? 0
  // Two more: the `\r` of an end, and the sign that there was more.
  for await (const lines of linesOf(store, needed, widest + 2)) {
    for (const line of lines) {
      if (number >= first && number < until) shown.push(shownLine(line))
      number++
    }
    if (number >= until) break
  }
  return { firstLine: first, lines: shown, totalLines, totalBytes: bytes }
}

function shownLine(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text.length > widest ? `${text.slice(0, widest)}…` : text
}

/**
 * Lines of these chunks, some at a time, the last one as far as it goes. Each is cut to `longest` characters: a log may be
 * one line of a gigabyte.
 */
export async function* linesOf(
  store: ArtifactStore,
  chunks: readonly LogChunkRow[],
  longest: number,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let open = ''
  for await (const bytes of plainOf(store, chunks)) {
    const [begin = '', ...more] = decoder.decode(bytes, { stream: true }).split('\n')
    if (open.length < longest) open += begin.slice(0, longest - open.length)
    const last = more.pop()
    if (last === undefined) continue
    yield [open, ...more.map((line) => line.slice(0, longest))]
    open = last.slice(0, longest)
  }
  yield [open]
}

/** The plain text of bytes [start, end), chunk by chunk. */
export async function* readBytes(
  store: ArtifactStore,
  chunks: readonly LogChunkRow[],
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  const needed = chunks.filter(({ byteOffset, bytes }) => byteOffset + bytes > start && byteOffset < end)
  let at = needed[0]?.byteOffset ?? 0
  for await (const bytes of plainOf(store, needed)) {
    yield bytes.subarray(Math.max(0, start - at), Math.min(bytes.length, end - at))
    at += bytes.length
  }
}
