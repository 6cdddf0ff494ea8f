/** Outputs on the page of a run are shown as what they are, not only offered for download. */
import { cloneRepository } from '../fixtures/repository.ts'
import { overRunOf } from '../fixtures/runs.ts'
import { expect, test } from '../fixtures/test.ts'
import { RunPage } from '../pages/run-page.ts'

const notebook = `---
dagbok: 1
id: left
---

\`\`\`yaml task
id: measure
outputs: {notes: notes.txt}
metrics: {accuracy: {better: higher}}
values: {winner: {type: string}}
\`\`\`
\`\`\`bash script
printf 'first **line**\\nsecond line\\n' > "$DAGBOK_OUT/notes.txt"
echo '{"accuracy": 0.8125, "extra": 3}' >> "$DAGBOK_METRICS"
echo 'winner=nearest' >> "$DAGBOK_VALUES"
\`\`\`

\`\`\`yaml task
id: broken
needs: [measure]
\`\`\`
\`\`\`bash script
exit 3
\`\`\`

\`\`\`yaml task
id: after
needs: [broken]
command: ["true"]
\`\`\`
`

test('a table, a picture, JSON and a Markdown text are shown on the page of the run', async ({
  page,
  product,
}) => {
  expect((await overRunOf(product, 'main/examples/weather', 1)).state).toBe('succeeded')
  await page.goto('/main/examples/weather/runs/1')
  const run = new RunPage(page)
  await run.row('year year=2012').click()

  const table = (await run.output('months.csv')).getByRole('table')
  await expect(table.getByRole('columnheader')).toHaveText(['month', 'low', 'high', 'rain_mm', 'sunny_days'])
  await expect(table.getByRole('row')).toHaveCount(13)
  await expect(table.getByRole('row').nth(1).getByRole('cell').first()).toHaveText('Jan')

  const picture = (await run.output('chart.svg')).getByRole('img', { name: 'chart.svg' })
  await expect(picture).toBeVisible()
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(100)

  const json = await run.output('summary.json')
  await expect(json).toContainText(/\{\s+"year": 2012,\s+"mean_temperature": [\d.]+,/)

  await run.row('report').click()
  const text = await run.output('report.md')
  await expect(text.getByRole('heading', { level: 1 })).toHaveText('Seattle, 2012 to 2015')
  await expect(text.getByText(/^20\d\d$/).first()).toBeVisible()
  await expect(text.getByRole('table').getByRole('row')).toHaveCount(5)
  await expect(text).not.toContainText('**')
})

test('an attempt’s metrics, values and a plain text stand in its panel; the graph says how each task ended', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'left')
  await copy.write('left/left.dag.md', notebook)
  await copy.push('What is left', ['run'])
  await copy.remove()
  await overRunOf(product, 'main/left/left', 1)
  await page.goto('/main/left/left/runs/1')
  const run = new RunPage(page)
  const nodes = run.graph().getByRole('button')
  await expect(nodes).toHaveCount(3)
  for (const [i, name] of ['measure, succeeded', 'broken, failed', 'after, upstream failed'].entries())
    await expect(nodes.nth(i)).toHaveAccessibleName(name)
  await expect(run.panel().getByRole('heading', { level: 2 })).toHaveText('broken')
  await nodes.nth(0).press('Enter')
  await expect(run.panel().getByRole('heading', { level: 2 })).toHaveText('measure')
  await expect(run.panel().locator('.metrics > div')).toHaveText([
    '0.8125accuracy (higher is better)',
    '3extra (undeclared)',
  ])
  await expect(
    run
      .panel()
      .getByRole('term')
      .filter({ hasText: /^winner$/ }),
  ).toBeVisible()
  await expect(
    run
      .panel()
      .getByRole('definition')
      .filter({ hasText: /^"nearest"$/ }),
  ).toBeVisible()
  await expect((await run.output('notes.txt')).locator('pre')).toHaveText('first **line**\nsecond line')
})
