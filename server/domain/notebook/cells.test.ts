import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCells } from './cells.ts'

const notebook = `---
dagbok: 1
id: a
---

# Title

Prose.

\`\`\`yaml task
id: one
\`\`\`
\`\`\`bash script
echo hi
\`\`\`

\`\`\`bash
not a cell
\`\`\`

\`\`\`yaml test
id: toy
\`\`\`
`
const body = (text: string, span: { start: number; end: number }) => text.slice(span.start, span.end)

test.each(['\n', '\r\n'])(
  'cells are found with their bodies and scripts, whatever ends a line (%j)',
  (end) => {
    const text = notebook.replaceAll('\n', end)
    const { cells, faults } = readCells(text)
    expect(faults).toEqual([])
    expect(cells.map((cell) => cell.kind)).toEqual(['front_matter', 'markdown', 'task', 'markdown', 'test'])
    expect(body(text, cells[0]?.body ?? { start: 0, end: 0 })).toBe(`dagbok: 1${end}id: a${end}`)
    expect(body(text, cells[2]?.body ?? { start: 0, end: 0 })).toBe(`id: one${end}`)
    expect(body(text, cells[2]?.script?.body ?? { start: 0, end: 0 })).toBe(`echo hi${end}`)
  },
)

test.each([
  ['```yaml task\nid: a\n', 'never closed'],
  ['```bash script\necho\n```\n', 'right after the cell of its task'],
  ['```json task\n{}\n```\n', 'written in yaml'],
  ['  ```yaml task\n  id: a\n  ```\n', 'begins at the start of its line'],
])('%j is a fault', (text, message) => {
  expect(
    readCells(text)
      .faults.map((fault) => fault.message)
      .join(),
  ).toContain(message)
})

test('any text gives cells in order, without throwing', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '---\n',
      '```yaml task\n',
      '```\n',
      '```js script\n',
      '~~~\n',
      'id: a\n',
      '\u0000',
      '\ud800',
      '> ',
      '- ',
    ),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('')
      let at = 0
      for (const cell of readCells(text).cells) {
        expect(cell.start).toBeGreaterThanOrEqual(at)
        expect(cell.body.start).toBeLessThanOrEqual(cell.body.end)
        at = cell.end
      }
      expect(at).toBeLessThanOrEqual(text.length)
    }),
    { numRuns: 500 },
  )
})
