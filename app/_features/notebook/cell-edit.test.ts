import { expect, test } from 'vitest'
import { readCells } from '#server/domain/notebook/cells.ts'
import type { Cell } from '#server/views/version.ts'
import { around, beginEdit, edited, faultsWithin, shownText, type CellEdit } from './cell-edit.ts'

const text = [
  '# A notebook',
  '',
  '```yaml task',
  'id: one',
  '```',
  '```bash script',
  'echo 1',
  '```',
  '',
  'Prose.',
  '',
].join('\r\n')

const cellsOf = (source: string): Cell[] =>
  readCells(source).cells.map((cell) => ({
    ...cell,
    id: null,
    startLine: source.slice(0, cell.start).split('\n').length,
    script: cell.script === null ? null : { ...cell.script, startLine: 0 },
  }))

function edit(index: number, part: 'body' | 'script'): CellEdit {
  const cell = cellsOf(text)[index]
  const found = cell === undefined ? null : beginEdit(text, cell, part)
  if (found === null) throw new Error('no such part')
  return found
}

test('[N4] a part is edited by itself: its own text is shown, and only its bytes change', () => {
  expect(shownText(edit(1, 'body'))).toBe('id: one')
  expect(shownText(edit(1, 'script'))).toBe('echo 1')
  expect(shownText(edit(2, 'body'))).toBe('Prose.')
  expect(edited(edit(1, 'body'), 'id: one\nretries: 2')).toBe(
    text.replace('id: one', 'id: one\r\nretries: 2'),
  )
  expect(edited(edit(1, 'script'), 'echo 2')).toBe(text.replace('echo 1', 'echo 2'))
})

test('faults stand at the lines of the part', () => {
  const fault = { file: 'a', line: 4, column: 1, message: 'm' }
  expect(faultsWithin(edit(1, 'body'), [fault])[0]?.line).toBe(1)
})

test('the cells around the edit stay, also when what is typed makes other cells of it', () => {
  const one = edit(1, 'body')
  const now = edited(one, 'id: one\n```\n\nmore prose\n\n```yaml task\nid: two')
  const placed = around(cellsOf(now), now.length, one)
  expect(placed.before.map((cell) => cell.kind)).toEqual(['markdown'])
  expect(placed.held?.kind).toBe('task')
  expect(placed.after.map((cell) => now.slice(cell.start, cell.end).trim())).toEqual(['Prose.'])
})
