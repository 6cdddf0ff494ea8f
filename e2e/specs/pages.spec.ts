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

/** Each page with what it shows when it has what it asked for. */
const pages = async (product: Product): Promise<[path: string, shows: RegExp][]> => {
  const [one, two] = await irisRuns(product)
  const iris = '/main/examples/iris'
  const { id } = await product.api<{ id: string }>('/comparisons', { runs: [one.id, two.id] })
  const { url } = await product.api<{ url: string }>(`/comparisons/${id}/share-links`, {})
  return [
    ['/', /penguins/],
    [iris, /git clone/],
    [`${iris}/runs/${two.number}`, /Succeeded: 5 of 5/],
    [`${iris}/runs/${two.number}?task=report`, /report\.md/],
    [`${iris}/notebook`, /Train and cross-validate|matrix/],
    [`${iris}/versions?a=1&b=2`, /nearest neighbours/],
    [`/compare?runs=${one.id},${two.id}`, /differing pixels/],
    [new URL(url).pathname, /iris v1 ↔ v2, a shared comparison.*differing pixels/s],
    ['/settings', /for REST, and as the password of git/],
  ]
}

test('each page, light and dark, wide and narrow', async ({ page, product }) => {
  for (const [path, shows] of await pages(product)) {
    await page.setViewportSize({ width: 1360, height: 850 })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(path)
    await expect(page.locator('body')).toContainText(shows)
    expect(await seriousFaults(page), path).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    expect(await colourFaults(page), `${path}, dark`).toEqual([])
    await page.setViewportSize({ width: 480, height: 850 })
    await expect(page.locator('body')).toContainText(shows)
    await scrollsNowhere(page, path)
  }
})

/** Sideways, that is: not the page, and not the table of two runs. */
async function scrollsNowhere(page: Page, path: string): Promise<void> {
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  await expect.poll(over, path).toBeLessThanOrEqual(0)
  for (const table of await page.getByRole('group', { name: 'Runs side by side' }).all())
    expect(
      await table.evaluate((box) => box.scrollWidth - box.clientWidth),
      `two runs fit: ${path}`,
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
