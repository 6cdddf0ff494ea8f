import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../check/stage.ts'
import { createProgram, verbsOf } from '../commands/program.ts'
import { commandManual } from './command-manual.ts'
import { generatedFiles } from './generated.ts'

test('the manuals and the schema are what the code says now: else `npm run docs`', async () => {
  for (const { path, text } of await generatedFiles())
    expect(await readFile(join(root, path), 'utf8'), path).toBe(text)
})

test('every command and every option is in the manual, and the exit codes', () => {
  const manual = commandManual()
  const verbs = verbsOf(createProgram())
  expect(verbs.length).toBeGreaterThan(14)
  for (const { name, command } of verbs) {
    const [, section = ''] = manual.split(`## dagbok ${name}`)
    for (const { flags, description } of command.options) {
      expect(section.split('\n## ')[0], name).toContain(`| \`${flags.replaceAll('|', '\\|')}\` | `)
      expect(description, `${name} ${flags}`).not.toBe('')
    }
    expect(command.description(), name).toMatch(/\.$/)
  }
  expect(manual).toContain('| 4 | not signed in')
})
