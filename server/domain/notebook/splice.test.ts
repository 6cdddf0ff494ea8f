import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCells } from './cells.ts'
import { editorText, editRange, splice } from './splice.ts'

const line = fc.stringMatching(/^[ \t]{0,5}[a-z:{}é😀-]{0,8}[ \t]{0,2}$/u)
const end = fc.constantFrom('\n', '\r\n', '\r')
/** Lines with ends of any kind, the last one with or without. */
const anyText = fc
  .tuple(fc.array(fc.tuple(line, end), { maxLength: 12 }), line)
  .map(([lines, last]) => lines.map((pair) => pair.join('')).join('') + last)

const between = (text: string, a: number, b: number) => {
  const places = [...new Set([0, ...[...text.matchAll(/\r\n?|\n/g)].map((m) => m.index + m[0].length)])]
  const [x = 0, y = 0] = [places[a % places.length], places[b % places.length]]
  return { start: Math.min(x, y), end: Math.max(x, y) }
}

const edited = fc.record({ text: anyText, a: fc.nat(), b: fc.nat(), typed: anyText })

test('[N4] bytes outside the edited range are identical, and the range reads as it was typed', () => {
  fc.assert(
    fc.property(edited, ({ text, a, b, typed }) => {
      const range = editRange(text, between(text, a, b))
      const out = splice(text, range, editorText(typed))
      expect(out.slice(0, range.start)).toBe(text.slice(0, range.start))
      const rest = text.slice(range.end)
      expect(out.slice(out.length - rest.length)).toBe(rest)
      const made = editorText(out.slice(range.start, out.length - rest.length))
      const shown = editorText(typed)
      expect(made).toBe(range.open && shown !== '' ? `${shown}\n` : shown)
    }),
    { numRuns: 2000 },
  )
})

test('[N4] typing what is there changes nothing', () => {
  fc.assert(
    fc.property(edited, ({ text, a, b }) => {
      const range = { ...between(text, a, b), open: false }
      expect(splice(text, range, editorText(text.slice(range.start, range.end)))).toBe(text)
    }),
  )
})

test('[N4] a character typed into one line leaves every other line its bytes: mixed line ends, odd indentation', () => {
  fc.assert(
    fc.property(anyText, fc.nat(), (text, n) => {
      const shown = editorText(text)
      const at = n % (shown.length + 1)
      const out = splice(
        text,
        { start: 0, end: text.length, open: false },
        `${shown.slice(0, at)}§${shown.slice(at)}`,
      )
      expect(out.replace('§', '')).toBe(text)
    }),
    { numRuns: 1000 },
  )
})

test('new lines end as their range does', () => {
  const text = 'a: 1\r\nb: 2\r\n'
  expect(splice(text, editRange(text, { start: 0, end: text.length }), 'a: 1\nc: 3\nb: 2')).toBe(
    'a: 1\r\nc: 3\r\nb: 2\r\n',
  )
})

test('an empty cell becomes a line of its own', () => {
  const text = '```yaml task\n```\n'
  const [cell] = readCells(text).cells
  if (cell === undefined) throw new Error('no cell')
  expect(splice(text, editRange(text, cell.body), 'id: a')).toBe('```yaml task\nid: a\n```\n')
})
