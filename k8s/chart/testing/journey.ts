/** A person with a browser. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { chromium, expect, type Page } from '@playwright/test'
import { findBrowser } from '../../../e2e/fixtures/chromium.ts'
import { signIn } from '../../../e2e/fixtures/test.ts'
import type { GivenProduct } from '../../../e2e/fixtures/product.ts'
import { ComparisonPage } from '../../../e2e/pages/comparison-page.ts'
import { DagPage } from '../../../e2e/pages/dag-page.ts'

/** Pictures of the pages of the last journey. */
const pictures = resolve(import.meta.dirname, '../../../.e2e/cluster')

export interface Journey {
  /** Compares runs 1 and 2 of a DAG, as a person does: what `release.cluster.test.ts` pushes must be seen. */
  compares: (dag: string) => Promise<void>
  close: () => Promise<void>
}

async function shown(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

/** Signs in by the product's link. @throws Error where there is no browser */
export async function openJourney({ ready }: GivenProduct): Promise<Journey> {
  const found = await findBrowser()
  if (typeof found === 'string') throw new Error(found)
  await mkdir(pictures, { recursive: true })
  const browser = await chromium.launch(found)
  const context = await browser.newContext({
    baseURL: ready.url,
    viewport: { width: 1360, height: 850 },
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  await signIn(page, ready.signInUrl)
  return {
    compares: async (dag) => {
      const home = new DagPage(page, `/${dag}`)
      await home.open()
      for (const number of [1, 2])
        await expect(home.run(number, 'succeeded')).toBeVisible({ timeout: 60_000 })
      await shown(page, 'runs')
      await home.compare(1, 2)
      const comparison = new ComparisonPage(page)
      await expect(comparison.verdict()).toHaveText('Better', { timeout: 60_000 })
      await expect(comparison.metric('score.accuracy')).toContainText('+0.1')
      await expect(comparison.section(/^rows\.csv score/)).toContainText(/1 changed/)
      await shown(page, 'comparison')
      await page.goto(`/${dag}/runs/1?task=score`)
      await expect(page.getByText('Succeeded').first()).toBeVisible({ timeout: 60_000 })
      await shown(page, 'run')
    },
    close: () => browser.close(),
  }
}
