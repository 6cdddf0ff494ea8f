/** A notebook is edited cell by cell: only what was typed changes, and nothing typed is lost or put over others' work. */
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, test } from '../fixtures/test.ts'
import { NotebookPage } from '../pages/notebook-page.ts'

const notebook = (...tasks: [id: string, script: string][]) =>
  [
    '---',
    'dagbok: 1',
    'id: edited',
    '---',
    '',
    '# Edited',
    '',
    ...tasks.flatMap(([id, script]) => [
      '```yaml task',
      `id: ${id}`,
      '```',
      '```bash script',
      `  ${script}`,
      '```',
      '',
    ]),
  ].join('\r\n')

test('[N4] a cell edited by the keyboard is a diff of one line, and the file keeps every other byte', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'cell-edit')
  try {
    const text = notebook(['one', 'echo 1'], ['two', 'echo 2'])
    await copy.write('edited/edited.dag.md', text)
    await copy.push('Two cells')
    await page.goto('/main/cell-edit/edited/notebook')
    const editor = new NotebookPage(page)
    await editor.typeInto('two', ' # the second')
    await page.keyboard.press('Escape')
    await expect(page.locator('#two')).toBeFocused()
    await expect(page.locator('#two')).toContainText('# the second')
    await page.getByRole('button', { name: 'Drop', exact: true }).click()
    await expect(page.locator('#two')).not.toContainText('# the second')
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await expect(page.locator('#two')).toContainText('# the second')
    const diff = await editor.reviewCommit()
    // A dialog that is just opening has not the focus yet: keys pressed meanwhile are not the page's.
    await page.evaluate(() =>
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'e', bubbles: true })),
    )
    await expect(editor.editor()).toHaveCount(0)
    await expect(diff.locator('.added')).toHaveText([/id: two # the second/])
    await expect(diff.locator('.removed')).toHaveText([/id: two$/])
    await editor.commit('Say which')
    await expect(page.getByRole('banner')).toContainText('v2')
    const after = await cloneRepository(product.ready, 'cell-edit')
    expect(await after.read('edited/edited.dag.md')).toBe(text.replace('id: two', 'id: two # the second'))
    await after.remove()
  } finally {
    await copy.remove()
  }
})

test('a press on a word opens the editor at that word', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'cell-press')
  try {
    await copy.write('edited/edited.dag.md', notebook(['one', 'echo 1'], ['two', 'echo here']))
    await copy.push('Two cells')
    await page.goto('/main/cell-press/edited/notebook')
    for (const [cell, word, typed] of [
      ['#one', 'one', /^id: o?n?e?x/m],
      ['#two', 'here', /^ {2}echo h?e?r?e?x/m],
    ] as const) {
      await page.locator(`${cell} pre`).getByText(word).last().click()
      const { editor } = new NotebookPage(page)
      await expect(editor()).toBeFocused()
      // What it makes is no fault: one would move the cells below just when they are pressed.
      await page.keyboard.type('x')
      await expect(editor()).toContainText('x')
      expect((await editor().locator('.cm-line').allInnerTexts()).join('\n')).toMatch(typed)
      await page.keyboard.press('Escape')
    }
  } finally {
    await copy.remove()
  }
})

test('a cell keeps its editor while its name, and all that makes it a cell, is typed away', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'cell-name')
  try {
    await copy.write('edited/edited.dag.md', notebook(['one', 'echo 1'], ['two', 'echo 2']))
    await copy.push('Two cells')
    await page.goto('/main/cell-name/edited/notebook')
    const editor = new NotebookPage(page)
    const outline = page.getByRole('navigation', { name: 'Cells and files' })
    await editor.typeInto('two', '_b')
    await expect(outline).toContainText('two_b')
    await page.keyboard.type('c')
    await expect(outline).toContainText('two_bc')
    await expect(editor.editor()).toHaveText('id: two_bc')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('```')
    await expect(outline).not.toContainText('two')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('id: three')
    await expect(outline).toContainText('three')
    await expect(editor.editor()).toHaveText('id: three')
    await expect(editor.editor()).toBeFocused()
  } finally {
    await copy.remove()
  }
})

test('a fault stands at its line while it is typed; the other cells stay', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'cell-fault')
  try {
    await copy.write('edited/edited.dag.md', notebook(['one', 'echo 1'], ['two', 'echo 2']))
    await copy.push('Two cells')
    await page.goto('/main/cell-fault/edited/notebook')
    await new NotebookPage(page).typeInto('two', '\nneeds: [onee]')
    await expect(page.locator('#two .cm-lint-marker-error')).toBeVisible()
    await expect(page.locator('#two .why')).toContainText("did you mean 'one'")
    await expect(page.locator('#one')).toContainText('id: one')
  } finally {
    await copy.remove()
  }
})

test('what was typed is there again after the page was left; a branch that moved is not written over', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'cell-draft')
  try {
    await copy.write('edited/edited.dag.md', notebook(['one', 'echo 1'], ['two', 'echo 2']))
    await copy.push('Two cells')
    await page.goto('/main/cell-draft/edited/notebook')
    const editor = new NotebookPage(page)
    await editor.typeInto('two', ' # mine')
    await page.goto('/')
    await page.goto('/main/cell-draft/edited/notebook')
    await expect(page.getByRole('status')).toContainText('did not commit is here again')
    await expect(page.locator('#two')).toContainText('# mine')

    await copy.write('edited/edited.dag.md', notebook(['one', 'echo theirs'], ['two', 'echo 2']))
    await copy.push('Theirs')
    const both = page.getByRole('region', { name: 'Your text and the branch’s' })
    await expect(both).toContainText('main has moved while you were editing')
    await expect(both).toContainText('echo theirs')
    await expect(both).toContainText('# mine')
    await page.getByRole('button', { name: 'Put my changes on v2' }).click()
    await expect(both).toBeHidden()
    const diff = await editor.reviewCommit()
    await expect(diff.locator('.added')).toHaveText([/id: two # mine/])
    await editor.commit('Mine on theirs')
    await expect(page.getByRole('banner')).toContainText('v3')
    const after = await cloneRepository(product.ready, 'cell-draft')
    const text = await after.read('edited/edited.dag.md')
    expect(text).toBe(
      notebook(['one', 'echo theirs'], ['two', 'echo 2']).replace('id: two', 'id: two # mine'),
    )
    await after.remove()
  } finally {
    await copy.remove()
  }
})
