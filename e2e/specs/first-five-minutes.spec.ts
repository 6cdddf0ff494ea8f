/** The first five minutes of a newcomer. The only spec that changes an example. */
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, test } from '../fixtures/test.ts'
import { ComparisonPage } from '../pages/comparison-page.ts'
import { DagPage } from '../pages/dag-page.ts'
import { NotebookPage } from '../pages/notebook-page.ts'

const iris = '/main/examples/iris'

interface RunAnswer {
  number: number
  state: string
  version: { number: number }
}

test('link → run → compare → share → edit → push', async ({ page, product, browser }) => {
  // It is many tests' work, and a clone is tried on machines that are busy besides.
  test.setTimeout(900_000)
  const { ready } = product
  // A private window: nothing of the session is in it.
  const outside = await browser.newContext({ storageState: { cookies: [], origins: [] } })
  try {
    await test.step('the link has signed in, once; the examples appear by themselves', async () => {
      await page.goto('/')
      for (const name of ['iris', 'penguins', 'weather'])
        await expect(page.getByRole('link', { name, exact: true })).toBeVisible()
      const late = await outside.newPage()
      await late.goto(ready.signInUrl)
      await expect(late.getByText('This link was used already')).toBeVisible()
    })

    const home = new DagPage(page, iris)
    let started = 0
    await test.step('a run of the classifier: its log follows live, then it is green', async () => {
      await page.getByRole('link', { name: 'iris', exact: true }).click()
      await expect(page).toHaveURL(new RegExp(`${iris}$`))
      // The examples run after the ready line; on a busy machine that takes its time.
      for (const number of [1, 2])
        await expect(home.run(number, 'succeeded')).toBeVisible({ timeout: 120_000 })
      const run = await home.start({ version: 'v1', params: { Repeats: '20' } })
      started = run.number()
      await run.task('train').first().click()
      await expect(run.log()).toContainText(/lines?, live.*logistic regression, alpha 0\.01/s)
      // Twenty repeats are seconds of computing; on a busy machine they are minutes.
      await expect(run.log()).toContainText(/accuracy 0\.\d+, loss/, { timeout: 120_000 })
      await expect(run.answer()).toHaveText(/^\s*Succeeded: 5 of 5/, { timeout: 120_000 })
      const all = await product.api<RunAnswer[]>('/dags/main/examples/iris/runs')
      expect(
        Object.fromEntries(all.map((run) => [run.number, `v${run.version.number} ${run.state}`])),
      ).toEqual({
        1: 'v1 succeeded',
        2: 'v2 succeeded',
        [started]: 'v1 succeeded',
      })
    })

    const comparison = new ComparisonPage(page)
    let link = ''
    await test.step('v1 against v2, side by side', async () => {
      await home.open()
      await home.compare(1, 2)
      await comparison.expectIris()
    })

    await test.step('a share link shows it to someone without a session, and nothing else', async () => {
      link = await comparison.share()
      const guest = await outside.newPage()
      await guest.goto(link)
      await new ComparisonPage(guest).expectIris()
      await guest.goto(`${ready.url}${iris}`)
      await expect(guest).toHaveURL(/\/sign-in/)
      await guest.goto(link)
      await expect(new ComparisonPage(guest).verdict()).toHaveText('Better')
      await expect(guest).toHaveTitle('better · iris v1 ↔ v2 · Dagbok')
      await page.goto('/settings')
      const shared = page
        .getByRole('region', { name: 'Share links' })
        .getByRole('row', { name: /^iris v1 ↔ v2/ })
      await shared.first().getByRole('button', { name: 'Revoke' }).click()
      await expect(guest.getByRole('alert')).toBeVisible({ timeout: 5000 })
      await expect(guest.getByRole('row')).toHaveCount(0)
      expect((await guest.goto(link))?.status()).toBe(404)
    })

    await test.step('one value edited in the notebook is a one-line diff, and a version', async () => {
      await page.goto(`${iris}/notebook`)
      const notebook = new NotebookPage(page)
      await notebook.replace('0.01', '0.02')
      const diff = await notebook.reviewCommit()
      await expect(diff.locator('.added')).toHaveText([/matrix: \{alpha: \[0\.02, 0\.1, 1\.0\]\}/])
      await expect(diff.locator('.removed')).toHaveText([/matrix: \{alpha: \[0\.01, 0\.1, 1\.0\]\}/])
      await notebook.commit('Smooth a little more')
      await page.goto(`${iris}/versions`)
      await expect(page.getByRole('row', { name: /v3.*Smooth a little more/ })).toBeVisible()
    })

    await test.step('clone, edit, push: the page shows the new version without a reload', async () => {
      const copy = await cloneRepository(ready, 'examples')
      try {
        const text = await copy.read('iris/iris.dag.md')
        expect(text).toContain('alpha: [0.02, 0.1, 1.0]')
        await copy.write('iris/iris.dag.md', text.replace('default: 12', 'default: 6'))
        const said = await copy.push('Repeat less', ['run'])
        expect(said).toContain(`${ready.url}${iris}`)
        await expect(page.getByRole('row', { name: /v4.*Repeat less/ })).toBeVisible()
        await home.open()
        await expect(home.run(started + 1, 'succeeded')).toBeVisible()
      } finally {
        await copy.remove()
      }
    })
  } finally {
    await outside.close()
  }
})
