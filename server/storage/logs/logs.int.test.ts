import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FolderStore } from '../stores/folder.ts'
import { readBytes, readLines } from './log-reader.ts'
import { holds, saysError, searchLines } from './log-search.ts'
import { LogWriter, type LogChunkRow } from './log-writer.ts'

class FullStore extends FolderStore {
  override put(): Promise<never> {
    return Promise.reject(new Error('full'))
  }
}

let folder = ''
let store: FolderStore
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-logs-'))
  store = new FolderStore(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function writer(limit?: number) {
  const chunks: LogChunkRow[] = []
  const append = (chunk: LogChunkRow) => {
    chunks.push(chunk)
    return Promise.resolve(true)
  }
  return {
    chunks,
    log: new LogWriter({ artifacts: store, append, ...(limit === undefined ? {} : { limit }) }),
  }
}

test('[R8] lines come back whole, whatever was cut where, without a gap or a doubled one', async () => {
  const { chunks, log } = writer()
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'x'.repeat(i % 300)}`).join('\n')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 7919) {
    await log.write(bytes.subarray(at, at + 7919))
    if (at % 3 === 0) await log.flush()
  }
  await log.flush()
  expect(chunks.length).toBeGreaterThan(5)
  const all = await readLines(store, chunks, 0, 10_000)
  expect(all.lines).toEqual(text.split('\n'))
  expect(all).toMatchObject({ totalLines: 5000, totalBytes: bytes.length })
  const expected = text.split('\n')
  for (const from of [0, 1, 999, 2500, 4990])
    expect((await readLines(store, chunks, from, 20)).lines).toEqual(expected.slice(from, from + 20))
  expect(await readLines(store, chunks, -5, 5)).toMatchObject({ firstLine: 4995, lines: expected.slice(-5) })
  const range: Buffer[] = []
  for await (const part of readBytes(store, chunks, 10_000, 50_000)) range.push(part)
  expect(Buffer.concat(range)).toEqual(bytes.subarray(10_000, 50_000))
})

test('a search finds lines of the whole log, over the borders of chunks, without colours in the way', async () => {
  const { chunks, log } = writer()
  const text = Array.from({ length: 20_000 }, (_, i) =>
    i % 1000 === 7 ? `\u001b[31mSing\u001b[0mular matrix ${i}` : `line ${i}`,
  ).join('\n')
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 7919) {
    await log.write(bytes.subarray(at, at + 7919))
    await log.flush()
  }
  const found = Array.from({ length: 20 }, (_, i) => i * 1000 + 7)
  expect(await searchLines(store, chunks, holds('singular', false))).toEqual({ lines: found, total: 20 })
  expect(await searchLines(store, chunks, holds('singular', true))).toEqual({ lines: [], total: 0 })
  expect(await searchLines(store, chunks, holds('line 19999', true))).toEqual({ lines: [19_999], total: 1 })
  const all = await searchLines(store, chunks, holds('', true))
  expect([all.lines.length, all.total]).toEqual([10_000, 20_000])
  expect(await searchLines(store, [], holds('a', true))).toEqual({ lines: [], total: 0 })
})

test.each([
  ['TypeError: x is not a function', true],
  ['Traceback (most recent call last):', true],
  ['bash: line 1: nope: command not found', true],
  ['0 failed', true],
  ['terror of the deep', false],
  ['loss 0.1', false],
])('%s says that something failed: %s', (line, says) => {
  expect(saysError(line)).toBe(says)
})

test.each([
  ['the first line', 0],
  ['a line after many', 30],
])('[R8] %s is there at most 5 s after it was written, without a flush', async (_, before) => {
  const chunks: LogChunkRow[] = []
  const arrived = Promise.withResolvers<number>()
  const append = (chunk: LogChunkRow) => {
    if (chunks.push(chunk) > before) arrived.resolve(Date.now())
    return Promise.resolve(true)
  }
  const log = new LogWriter({ artifacts: store, append })
  for (let i = 0; i < before; i++) {
    await log.write(Buffer.from('earlier\n'))
    await log.flush()
  }
  await log.write(Buffer.from(`${Date.now()}\n`))
  const at = await arrived.promise
  const { lines } = await readLines(store, chunks, before, 10)
  expect(lines).toHaveLength(1)
  expect(at - Number(lines[0])).toBeLessThan(5000)
})

test('a log over its limit ends with a line that says so', async () => {
  const { chunks, log } = writer(1000)
  for (let i = 0; i < 10; i++) await log.write(Buffer.alloc(300, 'y'))
  await log.flush()
  const { lines } = await readLines(store, chunks, 0, 10)
  expect(lines[1]).toContain('longer than 1000 bytes')
  expect(lines).toHaveLength(2)
})

test('a store that fails for good is told, and nothing is thrown', async () => {
  const broken = new LogWriter({
    artifacts: new FullStore(folder),
    append: () => Promise.resolve(true),
    patienceMs: 0,
  })
  await broken.write(Buffer.from('lost\n'))
  await broken.flush()
  expect(broken.failure).toBeInstanceOf(Error)
})

test('[R15] a product that stops does not wait for room', async () => {
  const log = new LogWriter({
    artifacts: new FullStore(folder),
    append: () => Promise.resolve(true),
    patienceMs: 3_600_000,
  })
  await log.write(Buffer.from('lost\n'))
  const flushed = log.flush()
  log.hurry()
  await flushed
  expect(log.failure).toBeInstanceOf(Error)
})

test('[R15] a store that has room again in time gets every byte', async () => {
  const chunks: LogChunkRow[] = []
  let refusals = 2
  const artifacts = {
    put: (bytes: Uint8Array) => (refusals-- > 0 ? Promise.reject(new Error('full')) : store.put(bytes)),
  }
  const append = (chunk: LogChunkRow) => Promise.resolve(chunks.push(chunk) > 0)
  const log = new LogWriter({ artifacts, append })
  await log.write(Buffer.from('kept\n'))
  await log.flush()
  await log.write(Buffer.from('and more\n'))
  await log.flush()
  expect(log.failure).toBeNull()
  expect((await readLines(store, chunks, 0, 10)).lines).toEqual(['kept', 'and more'])
})

test('[R15] what cannot be stored any more is not held in memory either', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const held = () => {
    // What the first one finds is counted as free when a thread has swept it, which the second waits for.
    collect()
    collect()
    return process.memoryUsage().arrayBuffers
  }
  const log = new LogWriter({
    artifacts: new FullStore(folder),
    append: () => Promise.resolve(true),
    patienceMs: 0,
  })
  await log.write(Buffer.alloc(2 ** 20, 'x'))
  expect(log.failure).not.toBeNull()
  const before = held()
  for (let i = 0; i < 64; i++) await log.write(Buffer.alloc(2 ** 20, 'x'))
  expect(held() - before).toBeLessThan(16 * 2 ** 20)
  // Whoever wrote still has the writer.
  await log.flush()
})

test('[R18] a log that is one line of many chunks is shown and searched without being held', async () => {
  const { chunks, log } = writer()
  const piece = Buffer.alloc(2 ** 20, 'x')
  for (let i = 0; i < 60; i++) await log.write(piece)
  await log.write(Buffer.from('\nan error\n\u{1F600}'))
  await log.flush()
  const page = await readLines(store, chunks, 0, 10)
  expect(page.lines.map((line) => line.length)).toEqual([20_001, 8, 2])
  expect(page).toMatchObject({ firstLine: 0, totalLines: 3 })
  expect(page.lines.slice(1)).toEqual(['an error', '\u{1F600}'])
  expect((await readLines(store, chunks, -1, 10)).lines).toEqual(['\u{1F600}'])
  expect(await searchLines(store, chunks, saysError)).toEqual({ lines: [1], total: 1 })
})

test('chunks of a log come while others are looked at: a store far away is not waited for with each', async () => {
  const { chunks, log } = writer()
  for (let i = 0; i < 20; i++) {
    await log.write(Buffer.from(`line ${i}\n`))
    await log.flush()
  }
  let [asked, answered, most] = [0, 0, 0]
  const several = Promise.withResolvers<void>()
  /** It does not answer the first before it is asked for others. */
  class FarStore extends FolderStore {
    override async read(hash: string): Promise<Readable> {
      most = Math.max(most, ++asked - answered)
      if (asked === 8) several.resolve()
      await several.promise
      answered++
      return super.read(hash)
    }
  }
  const parts: Buffer[] = []
  for await (const part of readBytes(new FarStore(folder), chunks, 3, 10_000)) parts.push(part)
  const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('')
  expect(Buffer.concat(parts).toString()).toBe(text.slice(3))
  expect([asked, most]).toEqual([20, 8])
})
