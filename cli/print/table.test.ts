import { expect, test } from 'vitest'
import { plain } from './output.ts'
import { table } from './table.ts'

test('columns are aligned, whatever is in colour, and no line ends in spaces', () => {
  expect(
    table(
      ['RUN', 'STATE', ''],
      [
        ['1', '\u001b[32msucceeded\u001b[39m', 'x'],
        ['12', 'ö', ''],
      ],
    ),
  ).toBe('RUN  STATE\n1    \u001b[32msucceeded\u001b[39m  x\n12   ö')
})

test('a text of others cannot move the cursor', () => {
  expect(plain('a\u001b[2Jb\nc\u009b1m')).toBe('a [2Jb c 1m')
})
