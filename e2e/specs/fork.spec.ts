/** A fork: what another version changes runs, the rest is taken over, and the dialog says so before. */
import { mendable } from '#cli/testing/notebooks.ts'
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, seriousFaults, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'

test('a run is forked to another version after a look at what is taken over', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'fork')
  await copy.write('steps/steps.dag.md', mendable('steps'))
  await copy.push('First')
  await copy.write('steps/steps.dag.md', mendable('steps', 'echo another end'))
  await copy.push('Second')
  await copy.remove()
  const dag = new DagPage(page, '/main/fork/steps')
  await dag.open()
  // A folder that is there: nothing is broken.
  const run = await dag.start({ version: 'v1', params: { mended: '/' } })
  await expect(run.answer()).toContainText('Succeeded: 5 of 5')

  const dialog = await run.chooseAgain(/another version or other params/)
  await expect(dialog).toContainText('0 of 5 task runs will run, 5 are taken over')
  await dialog.getByRole('combobox', { name: /^Version/ }).selectOption('v2')
  await expect(dialog).toContainText('1 of 5 task runs will run, 4 are taken over')
  await expect(run.plan().getByRole('listitem').first()).toHaveText(/^last\s+runs: It changed: script\.$/)
  await expect(run.plan().getByRole('listitem').nth(1)).toHaveText(
    'first taken over: It succeeded, and nothing that it depends on has changed.',
  )
  await dialog.getByLabel('size').fill('7')
  // The items of a map are known when it runs again.
  await expect(dialog).toContainText('3 of 3 task runs will run')
  await expect(run.plan()).toContainText('The params changed: size.')
  await dialog.getByLabel('size').fill('1')
  await expect(dialog).toContainText('1 of 5 task runs will run')
  expect(await seriousFaults(page)).toEqual([])

  await run.runAgain()
  await expect(run.answer()).toContainText('Succeeded: 5 of 5')
  await expect(page.getByText('fork of run 1')).toBeVisible()
  await run.row('last').click()
  await expect(run.log()).toContainText('another end')
  await run.row('first').click()
  await expect(run.panel()).toContainText('Its results are those of run 1.')
})
