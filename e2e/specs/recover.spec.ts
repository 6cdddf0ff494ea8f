/** A run that failed is recovered: what succeeded is taken over, the rest runs; a mark counts for the next one. */
import { mendable } from '#cli/testing/notebooks.ts'
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, seriousFaults, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'

test('a recover runs what did not succeed, and believes a mark', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'recovered')
  await copy.write('steps/steps.dag.md', mendable('steps'))
  await copy.push('First')
  await copy.remove()
  const dag = new DagPage(page, '/main/recovered/steps')
  await dag.open()
  const run = await dag.start({ params: { mended: '/no/such/file' } })
  await expect(run.answer()).toContainText('Failed: each (b)')

  // Of a failed run it is what the dialog offers first.
  await page.keyboard.press('r')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('radio', { name: /did not succeed/ })).toBeChecked()
  await expect(dialog).toContainText('2 of 5 task runs will run, 3 are taken over')
  await expect(run.plan()).toContainText('each b runs: It was failed in the earlier run.')
  expect(await seriousFaults(page)).toEqual([])
  await run.runAgain()
  await expect(run.answer()).toContainText('Failed: each (b)')
  await expect(page.getByText('recover of run 1')).toBeVisible()

  await page.getByText('Mark by hand').click()
  await page.getByLabel('Reason').fill('done on paper')
  await page.getByRole('button', { name: 'Mark', exact: true }).click()
  await expect(run.panel()).toContainText('Owner marked it as succeeded: done on paper')
  await page.getByRole('heading', { level: 1 }).click()
  await page.keyboard.press('r')
  await expect(dialog).toContainText('1 of 5 task runs will run, 4 are taken over')
  await expect(run.plan()).toContainText('It was marked as succeeded.')
  await run.runAgain()
  await expect(run.answer()).toContainText('Succeeded: 5 of 5')
})
