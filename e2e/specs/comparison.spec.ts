/** Each part of a comparison, on runs whose differences are known to the last digit; and its state is in the URL. */
import type { Page } from '@playwright/test'
import { PNG } from 'pngjs'
import { cloneRepository } from '../fixtures/repository.ts'
import { overRun } from '../fixtures/runs.ts'
import { expect, test } from '../fixtures/test.ts'
import { ComparisonPage } from '../pages/comparison-page.ts'

/** A picture of two pixels, the second one this grey. */
function picture(grey: number): string {
  const png = new PNG({ width: 2, height: 1 })
  png.data = Buffer.from([0, 0, 0, 255, grey, grey, grey, 255])
  return PNG.sync.write(png).toString('base64')
}

interface Content {
  rows: string
  accuracy: number
  winner: string
  text: string
  grey: number
  /** The second task. */
  second: [id: string, script: string]
}

const notebook = ({ rows, accuracy, winner, text, grey, second: [id, script] }: Content) => `---
dagbok: 1
id: parts
params:
  size: {type: integer, default: 1}
  kept: {type: boolean, default: true}
---

\`\`\`yaml task
id: make
outputs:
  rows: {path: rows.csv, key: [id]}
  facts: facts.json
  text: text.txt
  dot: dot.png
metrics:
  accuracy: {better: higher}
  loss: {better: lower}
values:
  winner: {type: string}
\`\`\`
\`\`\`bash script
printf 'id,n\\n${rows}' > "$DAGBOK_OUT/rows.csv"
printf '{\\n "size": %s,\\n "unit": "mm"\\n}\\n' "$DAGBOK_PARAM_SIZE" > "$DAGBOK_OUT/facts.json"
printf 'one\\n${text}\\nthree\\n' > "$DAGBOK_OUT/text.txt"
echo ${picture(grey)} | base64 -d > "$DAGBOK_OUT/dot.png"
echo '{"accuracy": ${accuracy}, "loss": 0.5}' >> "$DAGBOK_METRICS"
echo 'winner="${winner}"' >> "$DAGBOK_VALUES"
\`\`\`

\`\`\`yaml task
id: ${id}
needs: [make]
\`\`\`
\`\`\`bash script
${script}
\`\`\`
`

const before: Content = {
  rows: 'a,1\\nb,2\\nc,3\\n',
  accuracy: 0.8,
  winner: 'a',
  text: 'two',
  grey: 0,
  second: ['old', 'seq 3'],
}
const after: Content = {
  rows: 'a,1\\nb,5\\nd,4\\n',
  accuracy: 0.9,
  winner: 'd',
  text: '2',
  grey: 255,
  second: ['new', 'echo something else'],
}

/** Rows of a part of the table of runs: name and cells. */
const rowsOf = async (page: Page, part: string) =>
  (await page.locator('tbody').filter({ hasText: part }).getByRole('row').allInnerTexts())
    .slice(1)
    .map((row) => row.replaceAll(/\s+/g, ' ').trim())

test('every part of a comparison says what differs; its state outlives a reload, and back undoes it', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'parts')
  for (const [message, content] of [
    ['First', before],
    ['Second', after],
  ] as const) {
    await copy.write('parts/parts.dag.md', notebook(content))
    await copy.push(message)
  }
  await copy.remove()
  const asked: string[] = []
  for (const [version, size] of [
    ['v1', 1],
    ['v2', 3],
    ['v2', 2],
  ] as const) {
    const { id } = await product.api<{ id: string }>('/dags/main/parts/parts/runs', {
      version,
      params: { size },
    })
    asked.push(id)
  }
  const runs = await Promise.all(asked.map((id) => overRun(product, id)))
  expect(runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  const comparison = new ComparisonPage(page)
  // The oldest is the baseline, and stands first, wherever it is named.
  const [one, three, two] = runs.map(({ id }) => id)
  await page.goto(`/compare?runs=${three},${one},${two}`)
  await expect(comparison.verdict()).toHaveText('Better')

  await test.step('summary: version, commit, author, status, duration of each run', async () => {
    const heads = page.getByRole('columnheader')
    for (const [i, [version, subject]] of [
      ['v1', 'First'],
      ['v2', 'Second'],
      ['v2', 'Second'],
    ].entries()) {
      const head = heads.nth(i + 1)
      await expect(head.getByRole('img', { name: 'succeeded' })).toBeVisible()
      await expect(head).toContainText(version ?? '')
      await expect(head).toContainText(`${runs[i]?.version.commit.slice(0, 7)} ${subject}, Edith`)
      await expect(head.getByRole('link')).toHaveText(`parts run ${i + 1}`)
    }
    await expect(heads.filter({ hasText: 'baseline' })).toHaveText([/v1/])
    await expect(page.getByRole('row', { name: /^Duration/ }).getByRole('cell')).toHaveText([
      /^[\d.]+ m?s$/,
      /^[\d.]+ m?s[+−][\d.]+\s%$/,
      /^[\d.]+ m?s[+−][\d.]+\s%$/,
    ])
  })

  await test.step('params, values and metrics: only what differs, then all with the differences first', async () => {
    const fields = ['value make.winner "a" "d" "d"', 'param size 1 3 2']
    const accuracy =
      /^make\.accuracy .* 0\.8 0\.9 ▲ \+0\.1 · \+12\.5\s% better 0\.9 ▲ \+0\.1 · \+12\.5\s% better$/
    expect((await rowsOf(page, 'Params and values')).toSorted()).toEqual(fields.toSorted())
    expect(await rowsOf(page, 'Metrics')).toEqual([expect.stringMatching(accuracy)])
    await page.keyboard.press('d')
    await expect.poll(() => rowsOf(page, 'Params and values')).toHaveLength(3)
    expect((await rowsOf(page, 'Params and values'))[2]).toBe('param kept true true true')
    expect(await rowsOf(page, 'Metrics')).toEqual([
      expect.stringMatching(accuracy),
      expect.stringMatching(/^make\.loss .* 0\.5 0\.5 equal 0\.5 equal$/),
    ])
    await page.keyboard.press('d')
    await expect(page.getByRole('row', { name: /^param kept/ })).toHaveCount(0)
  })

  await test.step('outputs: rows by their key, pixels, lines of a text and of JSON', async () => {
    const table = comparison.section(/^rows\.csv/)
    await expect(table).toContainText('joined by id: 1 changed, 1 added, 1 removed, 1 the same')
    await expect(table.getByRole('group', { name: 'Rows' }).locator('tbody tr')).toHaveText([
      /~\s*b\s*25/,
      /\+\s*d\s*4/,
      /−\s*c\s*3/,
    ])
    const image = comparison.section(/^dot\.png/)
    await expect(image).toContainText('differing pixels 50.0 %')
    await expect(image.getByRole('img')).toHaveCount(3)
    for (const [file, removed, added] of [
      [/^text\.txt/, /two/, /2/],
      [/^facts\.json/, /"size": 1/, /"size": 3/],
    ] as const) {
      await expect(comparison.section(file).locator('.removed')).toHaveText([removed])
      await expect(comparison.section(file).locator('.added')).toHaveText([added])
    }
  })

  await test.step('timing, code and graph', async () => {
    const timing = comparison.section('Timing')
    for (const task of ['make', 'new', 'old'])
      await expect(timing.getByRole('rowheader', { name: task })).toBeVisible()
    await expect(timing.getByTitle('v1, run 1 ran').first()).toBeAttached()
    const code = comparison.section('parts/parts.dag.md')
    await expect(code.locator('.removed').filter({ hasText: 'seq 3' })).toHaveCount(1)
    await expect(code.locator('.added').filter({ hasText: 'echo something else' })).toHaveCount(1)
    const graph = comparison.section('Graph')
    for (const words of ['make changed (script)', 'old removed', 'new added'])
      await expect(graph).toContainText(words)
    await expect(graph.getByRole('img')).toHaveCount(3)
  })

  await test.step('what is chosen is in the URL', async () => {
    const chosen = async () => {
      await expect(comparison.verdict()).toHaveText('Regressed')
      await expect(page.getByRole('checkbox', { name: /^Only differences/ })).not.toBeChecked()
      await expect(page.getByLabel('Baseline', { exact: true })).toHaveValue(two ?? '')
      await expect(page.getByLabel('Against the baseline')).toHaveValue(one ?? '')
      for (const name of ['Split', 'Onion skin'])
        await expect(page.getByRole('button', { name })).toHaveAttribute('aria-pressed', 'true')
      await expect(page.getByRole('slider')).toBeVisible()
    }
    // What is chosen at once is one step back.
    await page.getByRole('button', { name: 'Split' }).click()
    await expect(page).toHaveURL(/diff=split/)
    await page.getByRole('button', { name: 'Onion skin' }).click()
    await expect(page).toHaveURL(/images=onion/)
    await page.getByRole('checkbox', { name: /^Only differences/ }).uncheck()
    await expect(page).toHaveURL(/all=true/)
    await page.getByLabel('Baseline', { exact: true }).selectOption('v2, run 3')
    await expect(page).toHaveURL(/base=/)
    await page.getByLabel('Against the baseline').selectOption('v1, run 1')
    await expect(page).toHaveURL(/with=/)
    await chosen()
    const address = page.url()
    const go = (by: number) => page.evaluate((n) => history.go(n), by)
    for (const [by, undone, at] of [
      [-2, /(base|with)=/, comparison.verdict().filter({ hasText: 'Better' })],
      [-1, /all=/, page.getByRole('checkbox', { name: /^Only differences/, checked: true })],
      [-1, /images=/, page.getByRole('button', { name: 'Side by side', pressed: true })],
      [-1, /diff=/, page.getByRole('button', { name: 'Unified', pressed: true })],
    ] as const) {
      await go(by)
      await expect(page).not.toHaveURL(undone)
      await expect(at).toBeVisible()
    }
    await go(5)
    await expect(page).toHaveURL(address)
    await chosen()
    await page.reload()
    await chosen()
    expect(page.url()).toBe(address)
  })

  await test.step('the page of the versions draws the difference of the two as one graph', async () => {
    await page.goto('/main/parts/parts/versions?a=1&b=2')
    const graph = comparison.section('Graph')
    await expect(graph).toContainText('make changed (script) · new added · old removed')
    for (const name of ['make, changed', 'old, removed', 'new, added'])
      await expect(graph.getByRole('img', { name, exact: true })).toBeVisible()
    await expect(graph.getByRole('img')).toHaveCount(3)
  })
})
