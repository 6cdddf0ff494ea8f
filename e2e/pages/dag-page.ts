import { expect, type Page } from '@playwright/test'
import { RunPage } from './run-page.ts'

/** A DAG's home: the grid of its last runs. */
export class DagPage {
  readonly page: Page
  readonly path: string
  constructor(page: Page, path: string) {
    this.page = page
    this.path = path
  }

  open = () => this.page.goto(this.path)
  run = (number: number, state: string) =>
    this.page.getByRole('link', { name: new RegExp(`^Run ${number}, version \\d+: ${state}`) })

  /** Starts a run by the keyboard: `version` as `v1`; `params` by their titles, the others keep their defaults. */
  async start({
    version,
    params = {},
    force = false,
  }: { version?: string; params?: Record<string, string>; force?: boolean } = {}): Promise<RunPage> {
    const dialog = this.page.getByRole('dialog')
    // A page that was just opened may not listen yet.
    await expect(async () => {
      await this.page.keyboard.press('r')
      await expect(dialog).toBeVisible({ timeout: 2000 })
    }).toPass()
    if (version !== undefined) await dialog.getByLabel('Version').selectOption(version)
    for (const [title, text] of Object.entries(params)) await dialog.getByLabel(title).fill(text)
    if (force) await dialog.getByRole('checkbox', { name: /^At once/ }).check()
    await dialog.getByRole('button', { name: /^Run/ }).click()
    await this.page.waitForURL(/\/runs\/\d+/)
    return new RunPage(this.page)
  }

  /** Ticks two runs and opens their comparison. */
  async compare(...runs: number[]): Promise<void> {
    for (const number of runs)
      await this.page.getByRole('checkbox', { name: `Compare run ${number}`, exact: true }).check()
    await this.page.getByRole('button', { name: /^Compare/ }).click()
    await expect(this.page).toHaveURL(/\/compare\?runs=/)
  }
}
