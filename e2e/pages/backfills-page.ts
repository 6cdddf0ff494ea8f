import type { Page } from '@playwright/test'

/** Backfills of a DAG. */
export class BackfillsPage {
  readonly page: Page
  readonly path: string
  constructor(page: Page, path: string) {
    this.page = page
    this.path = `${path}/backfills`
  }

  open = () => this.page.goto(this.path)
  row = (number: number) => this.page.getByRole('row').filter({ hasText: `backfill ${number}` })
  dates = (number: number) => this.page.getByRole('region', { name: `Dates of backfill ${number}` })
  dryRun = () => this.page.getByRole('region', { name: 'Dry run' })

  /** Opens the form by the keyboard and fills what is given. */
  async ask({ from, to, atOnce }: { from: string; to: string; atOnce?: number }): Promise<void> {
    await this.page.keyboard.press('b')
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel('From').fill(from)
    await dialog.getByLabel('To, included').fill(to)
    if (atOnce !== undefined) await dialog.getByLabel('Runs at once').fill(String(atOnce))
  }

  send = () => this.page.getByRole('dialog').getByRole('button', { name: 'Backfill' }).click()
}
