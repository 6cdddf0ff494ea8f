/** Pages follow what happens elsewhere: a push, another person's run. */
import { cloneRepository } from '../fixtures/repository.ts'
import { expect, test } from '../fixtures/test.ts'
import { DagPage } from '../pages/dag-page.ts'
import { RunPage } from '../pages/run-page.ts'

/** A DAG of one task that prints `text` until a file appears beside it, or at once. */
const notebook = (id: string, script: string) => `---
dagbok: 1
id: ${id}
---

# ${id}

\`\`\`yaml task
id: say
\`\`\`
\`\`\`bash script
${script}
\`\`\`
`

test('50 DAGs in one push are all listed, found by a search, and run', async ({ page, product }) => {
  const copy = await cloneRepository(product.ready, 'many')
  try {
    await page.goto('/')
    const names = Array.from({ length: 50 }, (_, i) => `many-${String(i + 1).padStart(2, '0')}`)
    for (const name of names) await copy.write(`${name}/${name}.dag.md`, notebook(name, `echo ${name}`))
    const said = await copy.push('Fifty at once', ['run'])
    for (const name of names) expect(said).toContain(`/main/many/${name}`)
    await expect(page.getByRole('link', { name: /^many-\d+$/ })).toHaveCount(50)
    await page.getByRole('searchbox').fill('many-17')
    await expect(page.getByRole('link', { name: /^many-\d+$/ })).toHaveText(['many-17'])
    await expect(page).toHaveURL(/q=many-17/)
    for (const name of names)
      await expect
        .poll(async () =>
          (await product.api<{ state: string }[]>(`/dags/main/many/${name}/runs`)).map((run) => run.state),
        )
        .toEqual(['succeeded'])
  } finally {
    await copy.remove()
  }
})

test('five faults in five files: refused, each named in the push; in the browser nothing has changed', async ({
  page,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'faulty')
  try {
    await copy.write('good/good.dag.md', notebook('good', 'echo good'))
    await copy.push('A good one')
    const faults: [string, string, RegExp][] = [
      ['a', notebook('a', 'true').replace('id: say', 'id: say\nneeds: [sya]'), /a\/a\.dag\.md:\d+:\d+ .*sya/],
      [
        'b',
        notebook('b', 'true').replace('id: say', 'id: say\nretires: 2'),
        /b\/b\.dag\.md:\d+:\d+ .*retries/,
      ],
      ['c', notebook('c', 'true').replace('dagbok: 1', 'dagbok: 9'), /c\/c\.dag\.md:\d+:\d+ /],
      ['d', notebook('d', 'true').replace('id: say', 'id: "say'), /d\/d\.dag\.md:\d+:\d+ /],
      [
        'e',
        notebook('e', 'true').replace('id: say', 'id: say\nif: ${{ params.missing }}'),
        /e\/e\.dag\.md:\d+:\d+ .*missing/,
      ],
    ]
    for (const [name, text] of faults) await copy.write(`${name}/${name}.dag.md`, text)
    const said = await copy.push('Five faults').then(
      () => 'accepted',
      (error: { stderr: string }) => error.stderr,
    )
    for (const [, , says] of faults) expect(said).toMatch(says)
    await page.goto('/?q=faulty')
    await expect(page.getByRole('link', { name: 'good', exact: true })).toBeVisible()
    await expect(page.locator('body')).not.toContainText('a/a.dag.md')
  } finally {
    await copy.remove()
  }
})

test('two people: a run that one cancels is cancelled on the other’s page', async ({
  page,
  context,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'two')
  try {
    await copy.write('slow/slow.dag.md', notebook('slow', 'echo begun; sleep 600'))
    await copy.push('Slow')
    const home = new DagPage(page, '/main/two/slow')
    await home.open()
    const other = await context.newPage()
    await other.goto('/main/two/slow')
    await expect(other.locator('body')).toContainText('No runs yet')
    const run = await home.start()
    await expect(run.log()).toContainText('begun')
    await expect(new DagPage(other, '').run(1, 'running')).toBeVisible()
    await page.getByRole('button', { name: 'Cancel run' }).click()
    await expect(run.answer()).toContainText('Cancelled')
    await expect(new DagPage(other, '').run(1, 'cancelled')).toBeVisible()
  } finally {
    await copy.remove()
  }
})

test('eight tabs with live logs share one stream; closing the one that has it changes nothing', async ({
  context,
  product,
}) => {
  const copy = await cloneRepository(product.ready, 'tabs')
  try {
    await copy.write(
      'talk/talk.dag.md',
      notebook('talk', 'for i in $(seq 600); do echo "line $i of $(date +%s)"; sleep 1; done'),
    )
    await copy.push('Talk')
    const { number } = await product.api<{ number: number }>('/dags/main/tabs/talk/runs', {})
    const streams = new Set<string>()
    context.on('request', (request) => request.url().includes('/api/live?') && streams.add(request.url()))
    const tabs = []
    for (let n = 0; n < 8; n++) {
      const tab = await context.newPage()
      await tab.goto(`/main/tabs/talk/runs/${number}`)
      await expect(new RunPage(tab).log()).toContainText('line')
      tabs.push(new RunPage(tab))
    }
    // Of the second to the last: what they follow was followed by the first already.
    expect(streams.size).toBeLessThanOrEqual(3)
    const [first, ...others] = tabs
    await first?.page.close()
    const lines = async (tab: RunPage) =>
      Number(/(\d+) lines?, live/.exec(await tab.log().innerText())?.[1] ?? 0)
    const secondsBehind = async (tab: RunPage) =>
      Date.now() / 1000 - Number(/ of (\d+)\s*$/.exec(await tab.log().locator('.ll').last().innerText())?.[1])
    for (const tab of others) {
      const before = await lines(tab)
      await expect.poll(() => lines(tab)).toBeGreaterThan(before)
      // Whole seconds are told, so that a line may look a second older than it is.
      await expect.poll(() => secondsBehind(tab)).toBeLessThanOrEqual(6)
    }
    await others[0]?.page.getByRole('button', { name: 'Cancel run' }).click()
    for (const tab of others) await expect(tab.answer()).toContainText('Cancelled')
  } finally {
    await copy.remove()
  }
})
