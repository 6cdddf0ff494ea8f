/** A task that asks a person: the run says whom it waits for, the form is filled, the answer is read and kept. */
import { asking } from '#cli/testing/notebooks.ts'
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, seriousFaults, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'

test('a person approves with a form, and the next task reads what they said', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'approve')
  await copy.write('ask/ask.dag.md', asking('ask'))
  await copy.push('Ask')
  await copy.remove()
  const dag = new DagPage(page, '/main/approve/ask')
  await dag.open()
  const run = await dag.start()
  await run.row('ask').click()
  await expect(run.panel()).toContainText("It waits for a person's answer: Owner of team main may give it.")
  await expect(page.getByText(/^Nothing of it runs now\./)).toBeVisible()
  expect(await seriousFaults(page)).toEqual([])

  const form = page.getByRole('form', { name: 'Answer' })
  await expect(form).toContainText('Ship it?')
  await form.getByRole('button', { name: 'Yes' }).click()
  await expect(form.getByRole('alert')).toContainText("'where' is missing")
  await form.getByLabel('where').selectOption('eu')
  await form.getByLabel('copies').fill('3')
  await form.getByLabel('Comment').fill('looks good')
  await form.getByRole('button', { name: 'Yes' }).press('Enter')
  await expect(run.answer()).toContainText('Succeeded: 2 of 2')
  await expect(run.panel()).toContainText('Owner answered yes: looks good')
  await run.row('ship').click()
  await expect(run.log()).toContainText('eu 3')
})
