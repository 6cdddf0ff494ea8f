import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../check/stage.ts'
import { generatedFiles } from './generated.ts'

test('the manual and the schema are what the tables of keys say now: else `npm run docs`', async () => {
  for (const { path, text } of await generatedFiles())
    expect(await readFile(join(root, path), 'utf8'), path).toBe(text)
})
