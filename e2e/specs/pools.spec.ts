/** Pools under Settings, by the keyboard; and a run that waits for one says so, with the way there. */
import { cloneRepository } from '../fixtures/repository.ts'
import { colourFaults, expect, seriousFaults, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'

const notebook = `dagbok: 1
id: pooled
tasks:
  - {id: use, pool: gpu, command: [echo, used]}
`

test('a pool is made, changed and deleted; a task waits for it', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'pools')
  await copy.write('pooled.dag.yaml', notebook)
  await copy.push('Pooled')
  await copy.remove()
  const dag = new DagPage(page, '/main/pools/pooled')
  await dag.open()
  const run = await dag.start()
  await expect(run.panel()).toContainText('There is no pool gpu: it waits until somebody makes it.')
  const address = page.url()
  await run.panel().getByRole('link', { name: 'pool gpu' }).click()
  const pools = page.getByRole('region', { name: 'Pools of main' })
  await expect(pools).toContainText('No pools.')

  await pools.getByLabel('Name of the pool').fill('gpu')
  await pools.getByLabel('Slots', { exact: true }).fill('0')
  await page.keyboard.press('Enter')
  const row = pools.getByRole('row', { name: /^gpu/ })
  await expect(row.getByRole('cell').nth(3)).toHaveText('1')
  expect(await seriousFaults(page)).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await colourFaults(page)).toEqual([])
  await row.getByRole('spinbutton', { name: 'Slots of gpu' }).fill('2')
  await page.keyboard.press('Enter')
  await expect(row.getByRole('cell').nth(3)).toHaveText('0')
  await page.goto(address)
  await expect(run.answer()).toContainText('Succeeded: 1 of 1')

  await page.goto('/settings')
  await row.getByRole('button', { name: 'Delete pool gpu' }).press('Enter')
  await expect(pools).toContainText('No pools.')
})
