/** Versions, comparison, what is shared of it, and settings by the keyboard alone: Tab reaches all of it, Enter acts, `?` says the keys. */
import type { Page } from '@playwright/test'
import { iris, irisRuns } from '../fixtures/iris.ts'
import { walkByTab } from '../fixtures/tab-order.ts'
import { expect, test } from '../fixtures/test.ts'

/** Everything is reached, each stop is seen, and the keys of the page are said. */
async function expectWalk(page: Page, keys: RegExp): Promise<void> {
  expect(await walkByTab(page)).toEqual({ unreached: [], unseen: [] })
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keys of this page' })
  await expect(help).toContainText(keys)
  await page.keyboard.press('Escape')
  await expect(help).toBeHidden()
}

test('versions: what the one of a push has changed, two picked with the arrows, and Enter runs one', async ({
  page,
  product,
}) => {
  await irisRuns(product)
  // As a push says it.
  await page.goto(`${iris}/versions?version=2`)
  await expect(page.getByText('nearest neighbours').first()).toBeVisible()
  await expectWalk(page, /D\s*What the newest version changed.*R\s*Run iris/s)
  await page.getByRole('radio', { name: 'Difference from v1' }).focus()
  await page.keyboard.press('ArrowUp')
  await expect(page).toHaveURL(/a=2/)
  const first = page.getByRole('row', { name: /First models/ })
  await first.getByRole('button', { name: 'Run' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Run iris' })
  await expect(dialog.getByLabel('Version')).toHaveValue('v1')
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await first.getByRole('link').press('Enter')
  await expect(page).toHaveURL(/\/runs\/\d+$/)
})

test('comparison: a view is pressed, and a share link is made, whose page is walked, too', async ({
  page,
  product,
}) => {
  const runs = await irisRuns(product)
  await page.goto(`/compare?runs=${runs.map(({ id }) => id).join(',')}`)
  await expect(page.getByText('differing pixels')).toBeVisible()
  await expectWalk(page, /D\s*Only differences, or all.*S\s*Make a share link/s)
  await page.getByRole('button', { name: 'Swipe' }).press('Enter')
  const edge = page.getByRole('slider', { name: 'Where the other picture begins' })
  await edge.press('ArrowRight')
  await expect(edge).toHaveValue('51')
  const links = async () => (await product.api<unknown[]>('/share-links')).length
  const before = await links()
  await page.getByRole('button', { name: /^Share link/ }).press('Enter')
  const days = page.getByRole('dialog').getByLabel('Days it is good for')
  await expect(days).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(days).toBeHidden()
  // The letter asks as the button does: nothing is shared before the answer.
  await page.keyboard.press('s')
  await expect(days).toBeFocused()
  expect(await links()).toBe(before)
  await days.fill('7')
  await page.keyboard.press('Enter')
  const link = page.getByRole('dialog').getByLabel('Share link')
  await expect(link).toHaveValue(/\/share\//)
  await expect(link).toBeFocused()
  await expect(page.getByRole('dialog')).toContainText('for 7 days')
  await page.goto(await link.inputValue())
  await expect(page.getByText('differing pixels')).toBeVisible()
  expect(await walkByTab(page)).toEqual({ unreached: [], unseen: [] })
})

test('settings: a token is made and revoked', async ({ page }) => {
  await page.goto('/settings')
  const tokens = page.getByRole('region', { name: 'Tokens', exact: true })
  await expect(tokens.getByRole('row').first()).toBeVisible()
  await expectWalk(page, /Go to a DAG, a run, a page/)
  await tokens.getByRole('textbox', { name: 'What the token is for' }).fill('by keyboard')
  await page.keyboard.press('Enter')
  const row = tokens.getByRole('row', { name: /^by keyboard/ })
  await row.getByRole('button', { name: 'Revoke' }).press('Enter')
  await expect(row).toHaveCount(0)
})
