/** A run that asks a person: started, found and answered in the browser. */
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, seriousFaults, test } from '../fixtures/test.ts'
import { RunPage } from '../pages/run-page.ts'

const notebook = `---
dagbok: 1
id: ask
params:
  level: {type: string, enum: [low, high], default: high}
---

\`\`\`yaml task
id: measure
\`\`\`
\`\`\`bash script
echo "measured at $DAGBOK_PARAM_LEVEL"
\`\`\`

\`\`\`yaml task
id: review
needs: [measure]
approve:
  message: Is the figure good enough?
  form:
    verdict: {type: string, enum: [publish, hold], title: Verdict}
    copies: {type: integer, default: 1}
\`\`\`

\`\`\`yaml task
id: publish
needs: [review]
env: {VERDICT: "\${{ tasks.review.values.verdict }}", COPIES: "\${{ tasks.review.values.copies }}"}
\`\`\`
\`\`\`bash script
echo "the verdict is $VERDICT, $COPIES copies"
\`\`\`
`

test('R and Enter run it; it says whom it waits for; nothing is chosen until somebody chooses; the answer is read', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'answer')
  await copy.write('ask/ask.dag.md', notebook)
  await copy.push('Ask')
  await copy.remove()
  await page.goto('/main/answer/ask')
  await page.keyboard.press('r')
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByLabel('level')).toHaveValue('high')
  await expect(dialog.getByLabel('Version')).toBeFocused()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/runs\/1/)
  const run = new RunPage(page)
  await expect(run.answer()).toHaveText(/Waits for an answer: review\./)
  await expect(page.getByText(/^Nothing of it runs now\./)).toBeVisible()
  await expect(run.panel()).toContainText("It waits for a person's answer: Owner of team main may give it.")

  const form = page.getByRole('form', { name: 'Answer' })
  await expect(form).toContainText('Is the figure good enough?')
  await expect(form.getByLabel('Verdict')).toHaveValue('')
  await form.getByRole('button', { name: 'Yes' }).click()
  await expect(form.getByRole('alert')).toContainText("'verdict' is missing")
  expect(await seriousFaults(page)).toEqual([])
  await form.getByLabel('Verdict').selectOption('publish')
  await form.getByLabel('copies').fill('3')
  await form.getByLabel('Comment').fill('looks good')
  await form.getByRole('button', { name: 'Yes' }).press('Enter')
  await expect(run.answer()).toHaveText(/Succeeded: 3 of 3/)
  await run.row('review').click()
  await expect(run.panel()).toContainText('Owner answered yes: looks good')
  await run.row('publish').click()
  await expect(run.log()).toContainText('the verdict is publish, 3 copies')
})
