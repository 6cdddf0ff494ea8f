/** Outputs on the page of a run are shown as what they are, not only offered for download. */
import type { Locator } from '@playwright/test'
import { overRunOf } from '../fixtures/runs.ts'
import { expect, test } from '../fixtures/test.ts'
import { RunPage } from '../pages/run-page.ts'

/** An output in the panel of the task that is open, by its file's name, opened. */
async function output(run: RunPage, file: string): Promise<Locator> {
  const shown = run
    .panel()
    .getByRole('group')
    .filter({ has: run.page.getByText(file, { exact: true }) })
  await expect(shown).toHaveCount(1)
  if ((await shown.getAttribute('open')) === null) await shown.getByText(file, { exact: true }).click()
  await expect(run.panel().getByRole('link', { name: `Download ${file}` })).toBeVisible()
  return shown
}

test('a table, a picture, JSON and a Markdown text are shown on the page of the run', async ({
  page,
  product,
}) => {
  expect((await overRunOf(product, 'main/examples/weather', 1)).state).toBe('succeeded')
  await page.goto('/main/examples/weather/runs/1')
  const run = new RunPage(page)
  await run.row('year year=2012').click()

  const table = (await output(run, 'months.csv')).getByRole('table')
  await expect(table.getByRole('columnheader')).toHaveText(['month', 'low', 'high', 'rain_mm', 'sunny_days'])
  await expect(table.getByRole('row')).toHaveCount(13)
  await expect(table.getByRole('row').nth(1).getByRole('cell').first()).toHaveText('Jan')

  const picture = (await output(run, 'chart.svg')).getByRole('img', { name: 'chart.svg' })
  await expect(picture).toBeVisible()
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(100)

  const json = await output(run, 'summary.json')
  await expect(json).toContainText(/\{\s+"year": 2012,\s+"mean_temperature": [\d.]+,/)

  await run.row('report').click()
  const text = await output(run, 'report.md')
  await expect(text.getByRole('heading', { level: 1 })).toHaveText('Seattle, 2012 to 2015')
  await expect(text.getByText(/^20\d\d$/).first()).toBeVisible()
  await expect(text.getByRole('table').getByRole('row')).toHaveCount(5)
  await expect(text).not.toContainText('**')
})
