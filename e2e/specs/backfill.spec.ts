/** A backfill in the browser: dry run, progress, pause, resume, cancel; and what starts a DAG by itself. */
import type { Backfill } from '#server/views/backfill.ts'
import { askProduct } from '../fixtures/product.ts'
import { cloneRepository } from '../fixtures/repository.ts'
import { looksWell } from '../fixtures/looks.ts'
import { walkByTab } from '../fixtures/tab-order.ts'
import { expect, seriousFaults, test } from '../fixtures/test.ts'
import { BackfillsPage } from '../pages/backfills-page.ts'
import { DagPage } from '../pages/dag-page.ts'

const fence = '```'
const notebook = `---
dagbok: 1
id: daily
schedule: {cron: "0 6 * * *", timezone: Europe/London, semantics: interval, params: {rows: 7}}
params:
  rows: {type: integer, default: 1}
  label: {type: string, default: plain}
on: {webhook: true}
---

${fence}yaml task
id: say
${fence}
${fence}bash script
echo "$DAGBOK_LOGICAL_DATE"
${fence}
`

test('past dates are filled, after a look at what would happen', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'fill')
  await copy.write('daily/daily.dag.md', notebook)
  await copy.push('Daily')
  await copy.remove()
  await page.goto('/main/fill/daily')
  await looksWell(page, /No runs yet/)
  const backfills = new BackfillsPage(page, '/main/fill/daily')
  await backfills.open()
  await looksWell(page, /No backfills yet/)
  await page.setViewportSize({ width: 1360, height: 850 })

  await backfills.ask({ from: '2026-01-01', to: '2026-01-0' })
  await expect(page.getByRole('dialog')).toContainText("'2026-01-0' in to is not a date")
  await page.getByLabel('To, included').fill('2026-01-03')
  await expect(backfills.dryRun()).toContainText('3 runs')
  await expect(backfills.dryRun()).toContainText('2026-01-02 06:00')
  expect(await seriousFaults(page)).toEqual([])
  await backfills.send()
  await expect(backfills.row(1)).toContainText('3 of 3 succeeded')
  await expect(backfills.row(1)).toContainText('finished')
  await page.getByRole('button', { name: 'backfill 1' }).click()
  await backfills.dates(1).getByRole('link', { name: 'run 2' }).click()
  await expect(page.getByText('Made by backfill 1 for 2026-01-02T06:00:00.000Z.')).toBeVisible()
  await page.goBack()
  await expect(backfills.dates(1)).toBeVisible()
  await looksWell(page, /3 of 3 succeeded/)
})

test('each option: the schedule’s params stand in the form, and what is chosen is what is made', async ({
  page,
  product,
}) => {
  const backfills = new BackfillsPage(page, '/main/fill/daily')
  await backfills.open()
  await backfills.ask({ from: '2026-01-01', to: '2026-01-04', atOnce: 1 })
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('rows')).toHaveValue('7')
  await expect(dialog.getByLabel('label')).toHaveValue('plain')
  await expect(backfills.dryRun()).toContainText('1 run')
  await dialog.getByLabel('Run again').selectOption('completed')
  await expect(backfills.dryRun()).toContainText('4 runs')
  await dialog.getByLabel('Order').selectOption('newest')
  await expect(backfills.dryRun().getByRole('row').nth(1)).toContainText('2026-01-04')
  await dialog.getByLabel('Version').selectOption({ index: 1 })
  await expect(backfills.dryRun()).toContainText('v1')
  await dialog.getByLabel('label').fill('mine')
  await backfills.send()
  await expect(backfills.row(2)).toContainText('4 of 4 succeeded')
  expect(await askProduct<Backfill>(product.ready, '/dags/main/fill/daily/backfills/2')).toMatchObject({
    version: 1,
    reprocess: 'completed',
    order: 'newest',
    concurrency: 1,
    params: { rows: 7, label: 'mine' },
  })
})

test('a long one is paused, resumed and cancelled', async ({ page }) => {
  const backfills = new BackfillsPage(page, '/main/fill/daily')
  await backfills.open()
  await backfills.ask({ from: '2020-01-01', to: '2025-12-31', atOnce: 1 })
  await expect(backfills.dryRun()).toContainText('2192 runs')
  await expect(backfills.dryRun()).toContainText('dates 1 to 100 of 2192')
  await backfills.dryRun().getByRole('button', { name: 'Next dates' }).click()
  await expect(backfills.dryRun()).toContainText('dates 101 to 200 of 2192')
  await expect(backfills.dryRun()).toContainText('2020-04-10 06:00')
  await backfills.send()
  const row = backfills.row(3)
  await row.getByRole('button', { name: 'Pause' }).click()
  await expect(row).toContainText('paused')
  await expect(row).toContainText('The next date: Backfill 3 is paused: it goes on when somebody resumes it.')
  await expect(row).not.toContainText('queued')
  await row.getByRole('button', { name: 'Resume' }).click()
  await expect(row).toContainText(/\d+ running, \d+ queued/)
  await row.getByRole('button', { name: 'Cancel' }).click()
  await expect(row.getByRole('cell', { name: 'cancelled', exact: true })).toBeVisible()
  await expect(row).not.toContainText('to come')
  await page.getByRole('button', { name: 'backfill 3' }).click()
  const dates = backfills.dates(3)
  await dates.getByRole('button', { name: 'Next dates' }).click()
  await expect(dates).toContainText('dates 101 to 200 of 2192')
  await expect(dates.getByRole('row', { name: /2020-04-10/ })).toContainText('given up')
  await dates.getByRole('button', { name: 'Dates before' }).click()
  await expect(dates.getByRole('row', { name: /2020-01-01/ })).toBeVisible()
})

test('what a schedule catches up on is on its page, with what holds it back', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'fill')
  const catchup =
    'schedule: {cron: "0 6 * * *", catchup: true, start_date: 2025-01-01}\nlimits: {max_active_runs: 1}'
  const cell = `${fence}yaml task\nid: pause\nwait: 6d\n${fence}\n`
  await copy.write('late/late.dag.md', `---\ndagbok: 1\nid: late\n${catchup}\n---\n\n${cell}`)
  await copy.push('Late')
  await copy.remove()
  await page.goto('/main/fill/late/schedule')
  const held = page.getByRole('region', { name: 'Dates held back' })
  await expect(held).toContainText(/2025-01-03 06:00 and \d{3} after it/)
  await expect(held).toContainText('waits for its start, as many as may (max_active_runs 1): run 2.')
  expect(await seriousFaults(page)).toEqual([])
  await held.getByRole('link', { name: 'run 2' }).click()
  await expect(page).toHaveURL(/\/main\/fill\/late\/runs\/2$/)
})

test('a run that was forced says so on its page', async ({ page }) => {
  const dag = new DagPage(page, '/main/fill/daily')
  await dag.open()
  await dag.start({ force: true })
  await expect(page.getByText('at once, whatever other runs there were.')).toBeVisible()
})

test('a DAG’s schedule: its next five ticks, pause and resume, a webhook’s secret shown once', async ({
  page,
}) => {
  await page.goto('/main/fill/daily')
  await expect(page.getByText(/next (now|in \d+ (s|min|h|d))(, in \d+ (h|d)){4}/)).toBeVisible()
  await page.getByRole('link', { name: 'Schedule' }).click()
  const schedule = page.getByRole('region', { name: 'Schedule' })
  await expect(schedule.getByRole('row', { name: /^20\d\d-/ })).toHaveCount(5)
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(schedule).toContainText(/paused by .* ago/)
  await expect(schedule.getByRole('row', { name: /^20\d\d-/ })).toHaveCount(0)
  await page.getByRole('button', { name: 'Make a secret' }).click()
  await expect(page.getByRole('status')).toContainText('whsec_')
  const secret = /whsec_\S+/.exec(await page.getByRole('status').innerText())?.[0] ?? ''
  const call = await page.request.post('/api/hooks/main/fill/daily', {
    headers: { authorization: `Bearer ${secret}` },
  })
  expect(call.status()).toBe(409)
  await expect(page.getByRole('table', { name: 'Triggers that started nothing' })).toContainText(
    'daily is paused: send it again when it is resumed.',
  )
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(schedule.getByRole('row', { name: /^20\d\d-/ })).toHaveCount(5)
  expect(await walkByTab(page)).toEqual({ unreached: [], unseen: [] })
  await looksWell(page, /The secret, shown this once/)
  await page.reload()
  await expect(page.getByText('/api/hooks/main/fill/daily')).toBeVisible()
  await expect(page.locator('body')).not.toContainText('whsec_')
})
