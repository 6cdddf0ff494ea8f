import { expect, type Locator, type Page } from '@playwright/test'

/** A notebook: its cells, the editor, the commit dialog. */
export class NotebookPage {
  readonly page: Page
  constructor(page: Page) {
    this.page = page
  }

  editor = () => this.page.locator('.cm-content')

  /** Walks to a cell by the keyboard, edits it, and puts `text` at the end of its first line. */
  async typeInto(id: string, text: string): Promise<void> {
    const cell = this.page.locator(`#${id}`)
    await expect(cell).toBeVisible()
    for (let n = 0; n < 30; n++) {
      if (await cell.evaluate((element) => element === document.activeElement)) break
      await this.page.keyboard.press('j')
    }
    await expect(cell).toBeFocused()
    await this.page.keyboard.press('Enter')
    await expect(this.editor()).toBeFocused()
    await this.page.keyboard.press('End')
    await this.page.keyboard.type(text)
  }

  /** Opens the file and replaces the next `before` by `after`, as with any editor: find, then type. */
  async replace(before: string, after: string): Promise<void> {
    await this.page.getByRole('button', { name: /^Edit/ }).click()
    await this.editor().click()
    await this.page.keyboard.press('Control+f')
    await this.page.keyboard.type(before)
    await this.page.keyboard.press('Enter')
    await this.page.keyboard.press('Escape')
    await this.page.keyboard.type(after)
  }

  /** Opens the commit dialog and gives its diff. */
  async reviewCommit(): Promise<Locator> {
    await this.page
      .getByRole('banner')
      .getByRole('button', { name: /^Commit/ })
      .click()
    return this.page.getByRole('dialog').getByRole('figure', { name: 'Differences by line' })
  }

  async commit(message: string): Promise<void> {
    const dialog = this.page.getByRole('dialog')
    await dialog.getByLabel('What changed').fill(message)
    await dialog.getByRole('button', { name: /^Commit/ }).click()
    await expect(dialog).toBeHidden()
  }
}
