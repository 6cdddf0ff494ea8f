/** Settings: a token is made, seen once and revoked; the repositories stand with the line that clones them. */
import type { Ready } from '../fixtures/product.ts'
import { expect, test } from '../fixtures/test.ts'

const statusWith = async ({ apiUrl }: Ready, secret: string) =>
  (await fetch(`${apiUrl}/me`, { headers: { authorization: `Bearer ${secret}` } })).status

test('a token is made, is seen once, works, and works no more when it is revoked', async ({
  page,
  product,
}) => {
  await page.goto('/settings')
  const deployment = page.getByRole('region', { name: 'Deployment' })
  await expect(deployment).toContainText(/\d+ now, as many as there are places/)
  await expect(deployment).toContainText(/Executor of tasks that name none\s*process/)
  const tokens = page.getByRole('region', { name: 'Tokens', exact: true })
  await tokens.getByRole('textbox', { name: 'What the token is for' }).fill('nightly report')
  await tokens.getByRole('button', { name: 'Make a token' }).click()
  const once = tokens.getByText(/^Shown once:/)
  const secret = (await once.getByRole('code').textContent()) ?? ''
  expect(secret).toMatch(/^dgb_[\w-]{40}$/)
  await expect(once.getByRole('button', { name: 'Copy token' })).toBeVisible()
  const row = tokens.getByRole('row', { name: /nightly report/ })
  await expect(row).toContainText('never used')
  expect(await statusWith(product.ready, secret)).toBe(200)

  await page.reload()
  await expect(row).toContainText(/used (just now|\d+ s ago)/)
  await expect(row).toContainText(`${secret.slice(0, 8)}…`)
  await expect(page.getByText(secret)).toHaveCount(0)
  expect(await page.content()).not.toContain(secret)

  await row.getByRole('button', { name: 'Revoke' }).click()
  await expect(row).toHaveCount(0)
  expect(await statusWith(product.ready, secret)).toBe(401)
})

test('a token without a name is not made, and it is said why', async ({ page }) => {
  await page.goto('/settings')
  const tokens = page.getByRole('region', { name: 'Tokens', exact: true })
  await tokens.getByRole('button', { name: 'Make a token' }).click()
  await expect(tokens.getByRole('alert')).toContainText('Give the token a name of 1 to 100 characters')
  await expect(tokens.getByText(/^Shown once:/)).toHaveCount(0)
})

test('every repository stands there with the line that clones it', async ({ page, product }) => {
  const made = await product.api<{ gitUrl: string }>('/repositories', { team: 'main', name: 'listed' })
  await page.goto('/settings')
  const list = page.getByRole('region', { name: 'Repositories' })
  const row = list.getByRole('row', { name: /^main\/listed/ })
  expect(made.gitUrl).toBe(`${product.ready.gitUrl}/listed.git`)
  await expect(row).toContainText(`git clone ${made.gitUrl}`)
  await expect(row.getByRole('button', { name: 'Copy command' })).toBeVisible()
  const all = await product.api<{ team: string; name: string }[]>('/repositories')
  await expect(list.getByRole('row')).toHaveCount(all.length)
})

test('a repository is made under Settings, and a name that cannot be one is refused with a sentence', async ({
  page,
}) => {
  await page.goto('/settings')
  const section = page.getByRole('region', { name: 'Repositories' })
  const name = section.getByLabel('Name of the repository')
  await name.fill('no/name')
  await section.getByRole('button', { name: 'Make a repository' }).click()
  await expect(section).toContainText("'no/name' cannot be the name of a repository")
  await name.fill('made-in-settings')
  await name.press('Enter')
  await expect(section.getByRole('row', { name: 'main/made-in-settings' })).toContainText(
    '/git/main/made-in-settings.git',
  )
  await expect(name).toHaveValue('')
})
