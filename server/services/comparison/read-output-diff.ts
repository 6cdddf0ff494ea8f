import { specOf } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { OutputRow, TableDiff, TextDiff } from '../../views/comparison.ts'
import type { ServiceContext } from '../context.ts'
import type { ComparedOutputs } from './compare.ts'
import { diffImages, diffTables, diffTexts } from './output-diff.ts'

export interface OutputPlace {
  task: string
  key: string | null
  name: string
  /** The run that is held against the base. */
  run: string
}

function cellsOf(compared: ComparedOutputs, place: OutputPlace) {
  const row = compared.outputs.find(
    (one) => one.task === place.task && one.key === place.key && one.name === place.name,
  )
  const before = row?.cells[compared.runs.indexOf(compared.base.id)]
  const after = row?.cells[compared.runs.indexOf(place.run)]
  if (row === undefined || before == null || after == null)
    throw new DagbokError('not_found', 'Only one of the two runs has this output.')
  return { row, before, after }
}

async function declaredIn(ctx: ServiceContext, compared: ComparedOutputs, row: OutputRow) {
  const spec = await specOf(ctx.db, compared.base.versionId)
  const output = spec?.tasks.find(({ id }) => id === compared.idInBase(row.task))?.outputs[row.name]
  return { key: output?.key ?? [], tolerance: output?.tolerance ?? null }
}

/** A table by rows, a text or JSON by lines. @throws DagbokError `not_found`, `too_large` */
export async function readOutputDiff(
  ctx: ServiceContext,
  compared: ComparedOutputs,
  given: { place: OutputPlace; onlyDifferences: boolean; offset: number; limit: number },
): Promise<{ table: TableDiff | null; text: TextDiff | null }> {
  const { row, before, after } = cellsOf(compared, given.place)
  const { onlyDifferences, offset, limit } = given
  if (row.kind === 'table') {
    const declared = await declaredIn(ctx, compared, row)
    return {
      table: await diffTables(ctx, { before, after, declared, onlyDifferences, offset, limit }),
      text: null,
    }
  }
  if (row.kind === 'text' || row.kind === 'json')
    return { table: null, text: await diffTexts(ctx, before, after) }
  return { table: null, text: null }
}

/** null when the two cannot be compared by pixels. @throws DagbokError `not_found`, `too_large` */
export async function readImageDiff(ctx: ServiceContext, compared: ComparedOutputs, place: OutputPlace) {
  const { before, after } = cellsOf(compared, place)
  return diffImages(ctx, before, after)
}
