/** Every page by the keyboard alone, and much on a page at once. */
import type { Page } from '@playwright/test'
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, test } from '../fixtures/test.ts'
import { RunPage } from '../pages/run-page.ts'

const task = (id: string, script: string, more = '') =>
  `\`\`\`yaml task\nid: ${id}\n${more}\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n\n`
const notebook = (id: string, body: string, more = '') => `---\ndagbok: 1\nid: ${id}\n${more}---\n\n${body}`

const focused = (page: Page) =>
  page.evaluate(
    () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
  )

async function ended(product: { api: <T>(path: string) => Promise<T> }, dag: string): Promise<void> {
  await expect
    .poll(async () => (await product.api<{ endedAt: string | null }[]>(`/dags/${dag}/runs`))[0]?.endedAt)
    .toBeTruthy()
}

test('list, grid, run and log by the keyboard; ? says the keys; letters can be turned off', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'keys')
  try {
    await copy.write(
      'keys/keys.dag.md',
      notebook('keys', task('good', 'echo fine') + task('bad', 'echo Error: no; exit 3')),
    )
    await copy.push('Keys', ['run'])
    await ended(product, 'main/keys/keys')
    await page.goto('/?q=keys/')
    await expect(page.getByRole('link', { name: 'keys', exact: true })).toBeVisible()
    await page.keyboard.press('j')
    await expect.poll(() => focused(page)).toBe('keys')
    await page.keyboard.press('Enter')
    await expect(page).toHaveTitle(/^failed · keys/)

    await page.keyboard.press('f')
    await expect.poll(() => focused(page)).toMatch(/^bad, run 1: failed/)
    await page.keyboard.press('ArrowUp')
    await expect.poll(() => focused(page)).toMatch(/^good, run 1: succeeded/)
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => focused(page)).toMatch(/^bad, run 1: failed/)
    await page.keyboard.press('Enter')
    await expect(page).toHaveTitle(/^failed · run 1 · keys/)
    const run = new RunPage(page)
    await expect(run.answer()).toContainText('Failed: bad')

    await page.keyboard.press('e')
    await expect(page).toHaveURL(/#L1$/)
    await page.keyboard.press('k')
    await expect(page).toHaveURL(/task=good/)

    await page.keyboard.press('?')
    const help = page.getByRole('dialog')
    await expect(help).toContainText('First error of the log')
    await help.getByRole('checkbox').uncheck()
    await page.keyboard.press('Escape')
    await expect(help).toBeHidden()
    await page.keyboard.press('j')
    await page.keyboard.press('?')
    await expect(page).toHaveURL(/task=good/)
    await expect(help).toBeHidden()
    await page.keyboard.press('ArrowDown')
    await expect(page).toHaveURL(/task=bad/)
  } finally {
    await copy.remove()
  }
})

test('Ctrl K finds DAGs, runs and pages from everywhere', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'palette')
  try {
    await copy.write('found/found.dag.md', notebook('found', task('say', 'echo found')))
    await copy.push('Found', ['run'])
    await ended(product, 'main/palette/found')
    await page.goto('/settings')
    const input = page.getByRole('combobox', { name: 'Go to' })
    await page.keyboard.press('Control+k')
    await expect(input).toBeFocused()
    await page.keyboard.type('found run 1')
    await expect(page.getByRole('option')).toHaveText([/found: run 1/])
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/main\/palette\/found\/runs\/1$/)
    await page.keyboard.press('Control+k')
    await expect(input).toBeFocused()
    await page.keyboard.type('found notebook')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/found\/notebook$/)
    await page.keyboard.press('Control+k')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
  } finally {
    await copy.remove()
  }
})

test('a grid of 1,000 tasks draws those in view, and its last one is a key away', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'thousand')
  try {
    const tasks = Array.from({ length: 1000 }, (_, i) =>
      task(`t${i}`, 'true', i === 0 ? 'if: ${{ params.go }}\n' : 'needs: [t0]\n'),
    )
    const params = 'params:\n  go: {type: boolean, default: false}\n'
    await copy.write('wide/wide.dag.md', notebook('wide', tasks.join(''), params))
    await copy.push('A thousand', ['run'])
    await ended(product, 'main/thousand/wide')
    await page.goto('/main/thousand/wide')
    await expect(page.getByRole('rowheader', { name: 't0', exact: true })).toBeVisible()
    expect(await page.locator('.grid tbody tr').count()).toBeLessThan(150)
    await page.goto('/main/thousand/wide?row=998&run=0')
    await expect(page.getByRole('rowheader', { name: 't0', exact: true })).toBeVisible()
    // The rows are there before the page hears keys.
    const down = async () => {
      await page.keyboard.press('ArrowDown')
      return focused(page)
    }
    await expect.poll(down).toMatch(/^t99[89], run 1: skipped/)
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => focused(page)).toMatch(/^t999, run 1: skipped/)
  } finally {
    await copy.remove()
  }
})

test('a log of 100,000 lines: begins at its beginning, is searched as a whole, and each line has an address', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'long-log')
  try {
    const script = "seq 100000 | sed 's/^/line /'; printf '\\033[31mneedle\\033[0m in red\\n'"
    await copy.write('long/long.dag.md', notebook('long', task('talk', script)))
    await copy.push('Long', ['run'])
    await ended(product, 'main/long-log/long')
    await page.goto('/main/long-log/long/runs/1?task=talk')
    const log = new RunPage(page).log()
    await expect(log).toContainText('100,001 lines')
    await expect(log.locator('.ll').first()).toContainText('line 1')
    await page.keyboard.press('/')
    await page.keyboard.type('Needle')
    await expect(log.getByRole('status')).toHaveText('1')
    await page.keyboard.press('Enter')
    await expect(log.locator('.hit')).toContainText('needle in red')
    await expect(log.locator('.hit .ansi-red-fg')).toHaveText('needle')
    expect(await log.locator('.ll').count()).toBeLessThan(150)
    await page.goto('/main/long-log/long/runs/1?task=talk#L50000-L50002')
    await page.reload()
    await expect(log.locator('.picked')).toHaveCount(3)
    await expect(log.locator('.picked').first()).toContainText('line 50000')
  } finally {
    await copy.remove()
  }
})
