/** A DAG that a program prints: read as a file, edited as one, checked by running it. */
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, seriousFaults, test } from '../fixtures/test.ts'
import { NotebookPage } from '../pages/notebook-page.ts'

const program = `import { names } from './names.ts'
const tasks: object[] = names.map((id) => ({ id, command: ['true'] }))
console.log(JSON.stringify({ dagbok: 1, id: 'printed', tasks }))
`

test('a program shows its text and the DAG that it prints; an edit is run, its fault told, its commit a version', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'program')
  try {
    await copy.write('p/printed.dag.ts', program)
    await copy.write('p/names.ts', "export const names = ['north', 'south']\n")
    await copy.push('A program')
    await page.goto('/main/program/printed/notebook')
    const file = page.getByRole('region', { name: 'p/printed.dag.ts' })
    await expect(file).toContainText('A program: run once per version, it prints the DAG.')
    const graph = page.getByRole('complementary', { name: 'Graph' })
    await expect(graph).toContainText('north')
    expect(await seriousFaults(page)).toEqual([])

    const editor = new NotebookPage(page)
    const replace = async (before: string, after: string) => {
      await editor.replace(before, after)
      await page.getByRole('button', { name: 'Show the text' }).click()
    }
    await replace("id: 'printed'", "id: 'printed', owner: 1")
    await expect(graph).toContainText('p/printed.dag.ts:1:1 at owner of what it prints')
    await replace('owner: 1', "owners: ['me']")
    await expect(graph).not.toContainText('of what it prints')
    await replace('names.map', "[...names, 'west'].map")
    await expect(graph).toContainText('west')
    await editor.reviewCommit()
    await editor.commit('To the west')
    await expect(page.getByRole('banner')).toContainText('v2')
  } finally {
    await copy.remove()
  }
})
