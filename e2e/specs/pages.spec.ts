/** Every page, light and dark, wide and narrow: nothing serious by axe, nothing in the console, no scrolling sideways. */
import type { Page } from '@playwright/test'
import { colourFaults, expect, seriousFaults, test } from '../fixtures/test.ts'
import type { Product } from '../fixtures/product.ts'

interface RunAnswer {
  id: string
  number: number
  state: string
  version: { number: number }
}

const iris = '/main/examples/iris'
const finished = ['succeeded', 'failed', 'cancelled']

/** The newest finished run of each version of the classifier. */
async function irisRuns(product: Product): Promise<[RunAnswer, RunAnswer]> {
  const found = async () => {
    const runs = await product.api<RunAnswer[]>('/dags/main/examples/iris/runs').catch(() => [])
    return [1, 2].flatMap(
      (version) => runs.find((run) => run.version.number === version && finished.includes(run.state)) ?? [],
    )
  }
  await expect.poll(async () => (await found()).length, { timeout: 120_000 }).toBe(2)
  const [one, two] = await found()
  if (one === undefined || two === undefined) throw new Error('the runs of the classifier are gone')
  return [one, two]
}

interface Found {
  /** Addresses of the two runs and of the share link. */
  run: string
  comparison: string
  share: string
}

let found: Promise<Found> | null = null
const find = (product: Product) =>
  (found ??= (async () => {
    const [one, two] = await irisRuns(product)
    const { id } = await product.api<{ id: string }>('/comparisons', { runs: [one.id, two.id] })
    const { url } = await product.api<{ url: string }>(`/comparisons/${id}/share-links`, {})
    return {
      run: `${iris}/runs/${two.number}`,
      comparison: `/compare?runs=${one.id},${two.id}`,
      share: new URL(url).pathname,
    }
  })())

/** Each page with what it shows when it has what it asked for. */
const pages: [name: string, path: (there: Found) => string, shows: RegExp][] = [
  ['the list', () => '/', /penguins/],
  ['a DAG', () => iris, /git clone/],
  ['a run', ({ run }) => run, /Succeeded: 5 of 5/],
  ['a task of a run', ({ run }) => `${run}?task=report`, /report\.md/],
  ['the notebook', () => `${iris}/notebook`, /Train and cross-validate|matrix/],
  ['two versions', () => `${iris}/versions?a=1&b=2`, /nearest neighbours/],
  ['a comparison', ({ comparison }) => comparison, /differing pixels/],
  ['a shared one', ({ share }) => share, /iris v1 ↔ v2, a shared comparison.*differing pixels/s],
  ['settings', () => '/settings', /for REST, and as the password of git/],
]

for (const [name, pathOf, shows] of pages)
  test(`${name}, light and dark, wide and narrow`, async ({ page, product }) => {
    const path = pathOf(await find(product))
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(path)
    await expect(page.locator('body')).toContainText(shows)
    expect(await seriousFaults(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    expect(await colourFaults(page)).toEqual([])
    await page.setViewportSize({ width: 480, height: 850 })
    await expect(page.locator('body')).toContainText(shows)
    await scrollsNowhere(page)
  })

/** Sideways, that is: not the page, and not the table of two runs. */
async function scrollsNowhere(page: Page): Promise<void> {
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  await expect.poll(over).toBeLessThanOrEqual(0)
  for (const table of await page.getByRole('group', { name: 'Runs side by side' }).all())
    expect(
      await table.evaluate((box) => box.scrollWidth - box.clientWidth),
      'two runs fit',
    ).toBeLessThanOrEqual(0)
}

test('what is not there is said so, with a way on', async ({ page }) => {
  for (const [path, says] of [
    ['/main/examples/nothing', /There is no DAG/],
    ['/main/examples/iris/runs/9999', /iris has no run 9999/],
    ['/compare?runs=no,such', /runs\[0\]: Invalid UUID/],
    ['/share/nothing', /opens nothing/],
    ['/no/such/page/at/all', /There is no such page/],
  ] as const) {
    await page.goto(path)
    await expect(page.locator('body')).toContainText(says)
    await expect(page.locator('body')).not.toContainText(/at .*\.(ts|js):\d+|Application error/)
  }
})
