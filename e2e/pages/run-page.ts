import { expect, type Locator, type Page } from '@playwright/test'

/** A run: its answer, its task runs, the log of the chosen one. */
export class RunPage {
  readonly page: Page
  constructor(page: Page) {
    this.page = page
  }

  answer = () => this.page.getByRole('heading', { level: 1 })
  task = (id: string) => this.page.getByRole('button', { name: new RegExp(`^${id}(?![\\w-])`) })
  /** A task run of the chart: `train`, or `train alpha=0.1` of an item. */
  row = (name: string) => this.page.getByRole('button', { name, exact: true })
  log = () => this.page.getByRole('region', { name: 'Log' })
  panel = () => this.page.getByRole('complementary', { name: 'Task' })
  graph = () => this.page.getByRole('group', { name: 'Graph of tasks' })
  plan = () => this.page.getByRole('dialog').getByRole('list', { name: 'Plan' })

  /** An output in the panel of the task that is open, by its file's name, opened. */
  async output(file: string): Promise<Locator> {
    const name = this.page.getByText(file, { exact: true })
    const shown = this.panel().getByRole('group').filter({ has: name })
    await expect(shown).toHaveCount(1)
    if ((await shown.getAttribute('open')) === null) await shown.getByText(file, { exact: true }).click()
    await expect(this.panel().getByRole('link', { name: `Download ${file}` })).toBeVisible()
    return shown
  }

  /** Opens the dialog by the keyboard and chooses what runs; gives the dialog. */
  async chooseAgain(what: string | RegExp): Promise<Locator> {
    await this.page.keyboard.press('r')
    const dialog = this.page.getByRole('dialog')
    await dialog.getByRole('radio', { name: what }).check()
    return dialog
  }

  /** Makes the new run that the dialog is about, and waits for its page. */
  async runAgain(): Promise<void> {
    const before = this.number()
    await this.page.getByRole('dialog').getByRole('button', { name: 'Run again' }).click()
    await expect.poll(() => this.number()).not.toBe(before)
  }

  /** Its number, from the address. */
  number = () => Number(/\/runs\/(\d+)/.exec(this.page.url())?.[1])
}
