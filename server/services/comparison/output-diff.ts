/** Two outputs against each other, by what they are. */
import { buffer } from 'node:stream/consumers'
import pixelmatch from 'pixelmatch'
import { PNG } from 'pngjs'
import { outputOfAttempt } from '#db/queries/run-view.ts'
import type { OutputDeclaration } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { OutputRow, TableDiff, TextDiff } from '../../views/comparison.ts'
import type { ServiceContext } from '../context.ts'

/** Bytes of a table, a text, a picture that are compared at most. */
const limits = { table: 32 * 2 ** 20, text: 1024 * 1024, image: 32 * 2 ** 20 }
/** Pixels of a picture: a small file may hold very many. */
const mostPixels = 32 * 2 ** 20

type Cell = NonNullable<OutputRow['cells'][number]>

async function bytesOf(ctx: ServiceContext, cell: Cell, limit: number): Promise<Buffer> {
  if (cell.size > limit)
    throw new DagbokError(
      'too_large',
      `An output of ${cell.size} bytes is too large to be compared here (${limit} at most).`,
    )
  return buffer(await ctx.artifacts.read(cell.hash))
}

export interface TableDiffRequest {
  before: Cell
  after: Cell
  declared: Pick<OutputDeclaration, 'key' | 'tolerance'>
  onlyDifferences: boolean
  offset: number
  limit: number
}

/** @throws DagbokError `too_large`, `too_many` */
export async function diffTables(
  ctx: ServiceContext,
  { before, after, declared, onlyDifferences, offset, limit }: TableDiffRequest,
): Promise<TableDiff> {
  const delimiter = before.mediaType === 'text/tab-separated-values' ? '\t' : ','
  return ctx.tables.compare({
    before: await bytesOf(ctx, before, limits.table),
    after: await bytesOf(ctx, after, limits.table),
    delimiter,
    declared,
    onlyDifferences,
    offset,
    limit,
  })
}

export async function diffTexts(ctx: ServiceContext, before: Cell, after: Cell): Promise<TextDiff> {
  const pretty = (cell: Cell, text: string) => {
    if (cell.mediaType !== 'application/json') return text
    try {
      return `${JSON.stringify(JSON.parse(text), null, 2)}\n`
    } catch {
      return text
    }
  }
  const read = async (cell: Cell) => {
    const bytes = await buffer(await ctx.artifacts.read(cell.hash, { start: 0, end: limits.text }))
    return pretty(cell, bytes.toString('utf8'))
  }
  const [a, b] = await Promise.all([read(before), read(after)])
  return {
    before: a,
    after: b,
    truncated: before.size > limits.text || after.size > limits.text,
  }
}

/** @throws DagbokError `too_large`, before the picture is unpacked */
function decoded(file: Buffer): PNG | null {
  // Its first block, IHDR, has the width and the height.
  const [width, height] = file.length < 24 ? [0, 0] : [file.readUInt32BE(16), file.readUInt32BE(20)]
  if (width * height > mostPixels)
    throw new DagbokError(
      'too_large',
      `A picture of ${width} × ${height} pixels is too large to be compared here (${mostPixels} at most).`,
    )
  try {
    return PNG.sync.read(file)
  } catch {
    return null
  }
}

/** Where two PNGs differ, as a PNG, and the share of pixels that do. null for pictures that cannot be compared so. */
export async function diffImages(
  ctx: ServiceContext,
  before: Cell,
  after: Cell,
): Promise<{ ratio: number; png: Buffer } | null> {
  if (before.mediaType !== 'image/png' || after.mediaType !== 'image/png') return null
  const [a, b] = await Promise.all(
    [before, after].map(async (cell) => decoded(await bytesOf(ctx, cell, limits.image))),
  )
  if (a == null || b == null || a.width !== b.width || a.height !== b.height) return null
  const out = new PNG({ width: a.width, height: a.height })
  const differing = pixelmatch(a.data, b.data, out.data, a.width, a.height, { threshold: 0.1 })
  return { ratio: differing / (a.width * a.height), png: PNG.sync.write(out) }
}

/** @throws DagbokError `not_found` */
export async function requireOutput(ctx: ServiceContext, attemptId: string, name: string) {
  const found = await outputOfAttempt(ctx.db, attemptId, name)
  if (found === null) throw new DagbokError('not_found', 'There is no such output.')
  return found
}
