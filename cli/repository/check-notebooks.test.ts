import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkNotebooks, faultLines } from './check-notebooks.ts'

async function tree(files: Record<string, string>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dagbok-lint-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}
const uses = (what: string) => `\`\`\`yaml task\nid: part\nuses: ${what}\n\`\`\`\n`
const sha = 'a'.repeat(40)

test('without a server a component of another repository is a warning at its cell, also inside a component of its own', async () => {
  const folder = await tree({
    'd/d.dag.md': `---\ndagbok: 1\nid: d\n---\n\n${uses(`main/parts/c.dag.md@${sha}`)}\n${uses('./c.dag.md').replace('part', 'own')}`,
    'd/c.dag.md': `---\ndagbok: 1\nid: c\nkind: component\n---\n\n${uses(`main/more/e.dag.md@${sha}`)}`,
    'e/e.dag.md': `---\ndagbok: 1\nid: e\n---\n\n${uses('main/parts/c.dag.md@main')}`,
  })
  const checked = await checkNotebooks([folder], () => Promise.resolve(new Map()))
  expect(checked.map(({ path, spec }) => [path, spec])).toEqual([
    ['d/c.dag.md', null],
    ['d/d.dag.md', null],
    ['e/e.dag.md', null],
  ])
  expect(faultLines(checked, folder, 'warnings')).toEqual([
    `d/c.dag.md:9:7 a component of another repository (main/more@${sha}) cannot be checked without the server: a push checks it`,
    `d/d.dag.md:8:7 a component of another repository (main/parts@${sha}) cannot be checked without the server: a push checks it`,
  ])
  expect(faultLines(checked, folder)).toEqual([
    expect.stringMatching(/^e\/e\.dag\.md:8:7 'main' is not the full SHA of a commit/),
  ])
})
