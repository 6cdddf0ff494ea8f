/** The tables of keys as documentation: what `npm run docs` writes into docs/notebook.md. */
import { frontMatterKeys } from './front-matter-keys.ts'
import type { Key } from './key.ts'
import { taskKeys } from './task-keys.ts'

const tables: Record<string, readonly Key[]> = { front_matter: frontMatterKeys, task: taskKeys }

const cell = (text: string) => text.replaceAll('|', '\\|')

function row(key: Key): string {
  const { name, type, default: fallback, meaning } = key
  const said = key.isCarried
    ? meaning
    : `${meaning} *Checked, and refused until this build can carry it out.*`
  return `| \`${name}\` | ${cell(type)} | ${fallback === null ? '' : `\`${cell(fallback)}\``} | ${cell(said)} |`
}

const table = (keys: readonly Key[]): string =>
  ['| Key | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...keys.map(row)].join('\n')

/** Puts each table between its marks, `<!-- keys: task -->` and `<!-- end -->`; all else stays. @throws Error when a table has no mark */
export function withKeyTables(document: string): string {
  return Object.entries(tables).reduce((text, [name, keys]) => {
    const mark = new RegExp(`(<!-- keys: ${name} -->\\n)[\\s\\S]*?(\\n<!-- end -->)`)
    if (!mark.test(text)) throw new Error(`There is no mark for the keys of ${name}.`)
    return text.replace(mark, (_, begin: string, end: string) => `${begin}\n${table(keys)}\n${end}`)
  }, document)
}
