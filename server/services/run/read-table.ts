import { pipeline } from 'node:stream/promises'
import { parse } from 'csv-parse'
import { outputOfAttempt } from '#db/queries/run-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { TablePage } from '../../views/run.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireAttempt } from './read-log.ts'

/** Bytes of one row: a quote that is never closed makes one of all the rest. */
const longestRow = 256 * 1024

/** A page of a CSV or TSV output, streamed: never held whole. @throws DagbokError `not_found`, `bad_input` */
export async function readTablePage(
  ctx: ServiceContext,
  actor: Actor,
  given: { attemptId: string; name: string; offset: number; limit: number },
): Promise<TablePage> {
  await requireAttempt(ctx, actor, given.attemptId)
  const output = await outputOfAttempt(ctx.db, given.attemptId, given.name)
  if (output === null) throw new DagbokError('not_found', 'There is no such output.')
  const rows = parse({
    delimiter: output.mediaType === 'text/tab-separated-values' ? '\t' : ',',
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRow,
  })
  // Whatever ends one ends the other: a file that is left open stays so. What went wrong is told below.
  pipeline(await ctx.artifacts.read(output.hash), rows).catch(() => {})
  let columns: string[] | null = null
  let total = 0
  const page: string[][] = []
  try {
    for await (const row of rows as AsyncIterable<string[]>) {
      if (columns === null) {
        columns = row
        continue
      }
      if (total >= given.offset && page.length < given.limit) page.push(row)
      total++
    }
  } catch {
    throw new DagbokError(
      'bad_input',
      'This output is called a table, and cannot be read as one: download it.',
    )
  }
  return { columns: columns ?? [], rows: page, offset: given.offset, totalRows: total }
}
