/** Which part of a notebook is being edited, and how the cells stand around it. */
import { editorText, editRange, splice, type EditRange } from '#server/domain/notebook/splice.ts'
import { isProgram } from '#server/domain/notebook/program.ts'
import type { Cell, Notebook } from '#server/views/version.ts'
import { textStart, type TextPlace } from './pressed-at.ts'

export interface CellEdit {
  /** The text when the edit began: every change is a splice into it. */
  origin: string
  range: EditRange
  part: 'body' | 'script' | 'file'
  language: string
  /** Where the editor opens. */
  at: TextPlace
}

export type Fault = Notebook['faults'][number]

/** null when the cell has no such part. */
export function beginEdit(
  text: string,
  cell: Cell,
  part: 'body' | 'script',
  at: TextPlace = textStart,
): CellEdit | null {
  if (part === 'body') {
    const language = cell.kind === 'markdown' ? 'markdown' : 'yaml'
    return { origin: text, range: editRange(text, cell.body), part, language, at }
  }
  if (cell.script === null) return null
  return { origin: text, range: editRange(text, cell.script.body), part, language: cell.script.lang, at }
}

export const fileEdit = (text: string): CellEdit => ({
  origin: text,
  range: { start: 0, end: text.length, open: false },
  part: 'file',
  language: 'markdown',
  at: textStart,
})

/** The language of a whole file: of a notebook prose, of YAML and programs their own. */
export function fileLanguage(path: string): string {
  if (/\.ya?ml$/.test(path)) return 'yaml'
  if (!isProgram(path)) return 'markdown'
  return path.endsWith('.py') ? 'python' : 'typescript'
}

export const shownText = ({ origin, range }: CellEdit): string =>
  editorText(origin.slice(range.start, range.end))

export const edited = ({ origin, range }: CellEdit, typed: string): string => splice(origin, range, typed)

/** Faults of the part, by its own lines. */
export function faultsWithin({ origin, range, part }: CellEdit, faults: readonly Fault[]): Fault[] {
  if (part === 'file') return [...faults]
  const before = origin.slice(0, range.start).split('\n').length - 1
  return faults.map((fault) => ({ ...fault, line: fault.line - before }))
}

/**
 * The cells of a text while a part of it is edited: those before it, the one that holds it, those after. What was
 * typed may have made other cells of the edited part: they are shown when the edit is left.
 */
export function around(
  cells: readonly Cell[],
  textLength: number,
  edit: CellEdit,
): { before: Cell[]; held: Cell | null; after: Cell[] } {
  const { start, end } = edit.range
  const until = textLength - (edit.origin.length - end)
  return {
    before: cells.filter((cell) => cell.end <= start && cell.start < start),
    held: cells.find((cell) => cell.start <= start && cell.end >= start) ?? null,
    after: cells.filter((cell) => cell.start >= until && cell.start > start),
  }
}

/** Faults whose line is one of the cell's. */
export function faultsOf(cell: Cell, text: string, faults: readonly Fault[]): Fault[] {
  const end = cell.startLine + text.slice(cell.start, cell.end).split('\n').length
  return faults.filter((fault) => fault.line >= cell.startLine && fault.line < end)
}
