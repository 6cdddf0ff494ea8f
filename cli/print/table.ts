import { stripVTControlCharacters } from 'node:util'
import { dim } from './output.ts'

const graphemes = new Intl.Segmenter()
const widthOf = (text: string): number => [...graphemes.segment(stripVTControlCharacters(text))].length

/** Rows under a head, in columns; no spaces at the ends of lines. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => widthOf(row[i] ?? ''))))
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => text + ' '.repeat((widths[i] ?? 0) - widthOf(text)))
      .join('  ')
      .trimEnd()
  return [dim(line(head)), ...rows.map(line)].join('\n')
}
