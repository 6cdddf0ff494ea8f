import { expect, type Page } from '@playwright/test'

/** A comparison, in the workspace or behind a share link. */
export class ComparisonPage {
  readonly page: Page
  constructor(page: Page) {
    this.page = page
  }

  verdict = () => this.page.getByRole('heading', { level: 1 })
  metric = (name: string) => this.page.getByRole('row', { name: new RegExp(`^${name}`) })
  section = (heading: string | RegExp) =>
    this.page.locator('.sheet').filter({ has: this.page.getByRole('heading', { name: heading }) })

  /** Metric, rows, images and code: what v1 against v2 of the classifier must show. */
  async expectIris(): Promise<void> {
    await expect(this.verdict()).toHaveText('Better')
    await expect(this.metric('report.accuracy')).toContainText(/\+0\.\d+ .*% better/)
    const table = this.section(/^predictions\.csv report/)
    await expect(table).toContainText(/joined by row: [1-9]\d* changed/)
    await expect(table.getByRole('row').nth(1)).toBeVisible()
    const image = this.section(/^confusion\.png/)
    await expect(image).toContainText(/differing pixels (0\.[1-9]|[1-9])/)
    await expect(image.getByRole('img')).toHaveCount(3)
    for (const picture of await image.getByRole('img').all())
      await expect
        .poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth))
        .toBeGreaterThan(0)
    const code = this.section(/lib\/model\.js$/)
    await expect(code).toContainText('logistic regression')
    await expect(code).toContainText('nearest neighbours')
  }

  /** The address of a new share link. */
  async share(): Promise<string> {
    await this.page.getByRole('button', { name: /^Share link/ }).click()
    await this.page
      .getByRole('dialog')
      .getByRole('button', { name: /^Make the link/ })
      .click()
    const link = this.page.getByRole('dialog').getByLabel('Share link')
    await expect(link).toHaveValue(/\/share\//)
    const url = await link.inputValue()
    await this.page.keyboard.press('Escape')
    return url
  }
}
