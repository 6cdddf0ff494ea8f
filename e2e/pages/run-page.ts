import type { Page } from '@playwright/test'

/** A run: its answer, its task runs, the log of the chosen one. */
export class RunPage {
  readonly page: Page
  constructor(page: Page) {
    this.page = page
  }

  answer = () => this.page.getByRole('heading', { level: 1 })
  task = (id: string) => this.page.getByRole('button', { name: new RegExp(`^${id}(?![\\w-])`) })
  log = () => this.page.getByRole('region', { name: 'Log' })
  /** Its number, from the address. */
  number = () => Number(/\/runs\/(\d+)/.exec(this.page.url())?.[1])
}
