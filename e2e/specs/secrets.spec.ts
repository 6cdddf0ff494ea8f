/** Secrets of a team: set in the browser, used by a task, seen by nobody. */
import { cloneRepository } from '../fixtures/repository.ts'
import { colourFaults, expect, seriousFaults, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'

const value = 'canary-of-a-browser'
const notebook = `dagbok: 1
id: publish
tasks:
  - {id: send, secrets: [PUBLISH_TOKEN], command: [sh, -c, 'echo "sent with $PUBLISH_TOKEN"']}
`

test('[S6] a secret is set by the keyboard; its task gets it, and no page shows it', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'secrets')
  try {
    await copy.write('publish.dag.yaml', notebook)
    await copy.push('Publish')
    const dag = new DagPage(page, '/main/secrets/publish')
    await dag.open()
    const without = await dag.start()
    await expect(without.panel()).toContainText('The team has no secret PUBLISH_TOKEN')

    await page.goto('/settings#secrets')
    const secrets = page.getByRole('region', { name: 'Secrets of main' })
    await secrets.getByLabel('Name of the secret').focus()
    await page.keyboard.type('PUBLISH_TOKEN')
    await page.keyboard.press('Tab')
    await page.keyboard.type('short')
    await secrets.getByRole('button', { name: 'Set the secret' }).press('Enter')
    await expect(secrets.getByRole('alert')).toContainText('no line of 8 characters')
    await secrets.getByLabel('Value').fill(value)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(secrets.getByRole('cell', { name: 'PUBLISH_TOKEN', exact: true })).toBeVisible()
    await expect(secrets.getByLabel('Value')).toHaveValue('')

    await dag.open()
    const run = await dag.start()
    await expect(run.log()).toContainText('sent with •••')
    await page.goto('/settings')
    await expect(page.getByRole('region', { name: 'Who did what in main' })).toContainText(
      'set the secret PUBLISH_TOKEN',
    )
    expect(await page.content()).not.toContain(value)
    expect(await seriousFaults(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await colourFaults(page)).toEqual([])

    await secrets.getByRole('button', { name: 'Delete secret PUBLISH_TOKEN' }).click()
    await expect(secrets).toContainText('A task that names one fails')
  } finally {
    await copy.remove()
  }
})
