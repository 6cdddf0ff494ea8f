/** One failed item of a map is run again alone, and what comes after it. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mendable } from '#cli/testing/notebooks.ts'
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'

test('the failed item runs again; its brothers keep their results', async ({ page, product }) => {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-map-'))
  // Tasks look for a file here, under a user id of their own.
  await chmod(folder, 0o755)
  const mended = join(folder, 'mended')
  const copy = await cloneRepository(product.ready, 'mapped')
  const asked = `description: Mends by and by.\nowners: [science]\ndefaults: {image: node:24-slim, resources: {cpu: 2}}\nparams:`
  await copy.write(
    'steps/steps.dag.md',
    mendable('steps')
      .replace('params:', asked)
      .replace('id: each', 'id: each\ndescription: Once an item.\neffects: None.'),
  )
  await copy.push('First')
  await copy.remove()
  const dag = new DagPage(page, '/main/mapped/steps')
  await dag.open()
  await expect(page.getByText('Mends by and by.')).toBeVisible()
  await expect(page.getByText('Owner: science')).toBeVisible()
  const run = await dag.start({ params: { mended } })
  await expect(run.answer()).toContainText('Failed: each (b)')
  await run.row('each b').click()
  await expect(run.log()).toContainText('broken')
  await expect(run.panel()).toContainText('Its image node:24-slim is ignored')
  await expect(run.panel()).toContainText('Its bound of 2 processors is ignored')
  await expect(run.panel()).toContainText('Once an item.')
  await expect(run.panel()).toContainText('Effects: None.')

  // What the attempt was given is there, also when it has failed.
  await page.getByText('Record of attempt 1').click()
  const events = run.panel().getByRole('list', { name: 'Events' })
  await expect(events).toContainText('Failed. It ended with exit code 3.')
  await expect(run.panel()).toContainText('DAGBOK_INDEX')

  await writeFile(mended, '')
  const dialog = await run.chooseAgain(/^each b and what comes after it/)
  await expect(dialog).toContainText('2 of 5 task runs will run, 3 are taken over')
  await run.runAgain()
  await expect(run.answer()).toContainText('Succeeded: 5 of 5')
  await expect(page.getByText('recover of run 1')).toBeVisible()
  for (const item of ['a', 'c']) {
    await run.row(`each ${item}`).click()
    await expect(run.panel()).toContainText('Its results are those of run 1.')
  }
  await run.row('each b').click()
  await expect(run.panel()).not.toContainText('Its results are those of')
  await rm(folder, { recursive: true })
})
