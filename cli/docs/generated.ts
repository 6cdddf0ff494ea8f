/** The files that are made from the code: each with its text as it should be now. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withKeyTables } from '#server/domain/notebook/keys/document.ts'
import { publishedSchema } from '#server/domain/notebook/keys/schema.ts'
import { root } from '../check/stage.ts'
import { commandManual } from './command-manual.ts'

export interface GeneratedFile {
  /** Repository path. */
  path: string
  text: string
}

export async function generatedFiles(): Promise<GeneratedFile[]> {
  const manual = 'docs/notebook.md'
  return [
    { path: manual, text: withKeyTables(await readFile(join(root, manual), 'utf8')) },
    { path: 'docs/cli.md', text: commandManual() },
    { path: 'public/schema/dag.json', text: `${JSON.stringify(publishedSchema(), null, 2)}\n` },
  ]
}
