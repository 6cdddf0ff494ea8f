/** Run again on another version: only what it changes, with the rest taken over (a fork), or everything. */
import type { RunSummary } from '#server/views/dag.ts'
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

  // Everything again, on the other version: nothing is taken over.
  const again = await run.chooseAgain('Everything')
  await again.getByRole('combobox', { name: /^Version/ }).selectOption('v1')
  await run.runAgain()
  await expect(run.answer()).toContainText('Succeeded: 5 of 5')
  await expect(page.getByText('rerun of run 2')).toBeVisible()
  await run.row('last').click()
  await expect(run.log()).toContainText('all of it')
  await run.row('first').click()
  await expect(run.panel()).not.toContainText('Its results are those of')
  const runs = await product.api<RunSummary[]>('/dags/main/fork/steps/runs')
  expect(runs.map(({ number, version }) => `${number} v${version.number}`)).toEqual(['3 v1', '2 v2', '1 v1'])
})
