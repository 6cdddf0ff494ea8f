/** Every page, light and dark, wide and narrow: nothing serious by axe, nothing in the console, no scrolling sideways. */
import { iris, irisRuns } from '../fixtures/iris.ts'
import { looksWell } from '../fixtures/looks.ts'
import type { GivenProduct } from '../fixtures/product.ts'
import { expect, test } from '../fixtures/test.ts'

interface Found {
  /** Addresses of the two runs and of the share link. */
  run: string
  comparison: string
  share: string
}

let found: Promise<Found> | null = null
const find = (product: GivenProduct) =>
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
  [
    'the notebook',
    () => `${iris}/notebook`,
    /Each strength is a task of its own, so the three train side by side\..*title: Train and cross-validate/s,
  ],
  ['two versions', () => `${iris}/versions?a=1&b=2`, /nearest neighbours/],
  ['a comparison', ({ comparison }) => comparison, /differing pixels/],
  ['a shared one', ({ share }) => share, /iris v1 ↔ v2, a shared comparison.*differing pixels/s],
  ['settings', () => '/settings', /for REST, and as the password of git/],
  ['sign-in without a link', () => '/sign-in', /You sign in with a one-time link/],
]

const sideBySide = ['a comparison', 'a shared one']

for (const [name, pathOf, shows] of pages)
  test(`${name}, light and dark, wide and narrow`, async ({ page, product }) => {
    await page.goto(pathOf(await find(product)))
    await looksWell(page, shows)
    const tables = page.getByRole('group', { name: 'Runs side by side' })
    const over = await tables.evaluateAll((boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth))
    expect(over, 'two runs fit').toEqual(sideBySide.includes(name) ? [0] : [])
  })

test('what is not there is said so, with a way on', async ({ page }) => {
  for (const [path, says] of [
    ['/main/examples/nothing', /There is no DAG/],
    ['/main/examples/iris/runs/9999', /iris has no run 9999/],
    ['/compare?runs=no,such', /runs\[0\]: 'no' is not the id of a run/],
    ['/share/nothing', /opens nothing/],
    ['/no/such/page/at/all', /There is no such page/],
  ] as const) {
    await page.goto(path)
    await expect(page.locator('body')).toContainText(says)
    await expect(page.locator('body')).not.toContainText(/at .*\.(ts|js):\d+|Application error/)
  }
})
