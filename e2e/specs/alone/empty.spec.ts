/** A product with nothing in it: it says how to begin, and that works as it is pasted. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@playwright/test'
import { gitEnvironment } from '#server/git/run-git.ts'
import { startProduct } from '../fixtures/product.ts'
import { seriousFaults, signIn, watchForFaults } from '../fixtures/test.ts'

const run = promisify(execFile)

test('the first page of an empty product leads to the first run', async ({ page }) => {
  const product = await startProduct(['--no-examples'])
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-e2e-empty-'))
  const faults = watchForFaults(page)
  try {
    await signIn(page, product.ready.signInUrl)
    const commands = page.getByRole('group', { name: 'Commands' })
    await expect(commands).toBeVisible()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await seriousFaults(page)).toEqual([])
    }
    await page.setViewportSize({ width: 480, height: 850 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0)

    const helper = '!f() { echo username=me; echo "password=$TOKEN"; }; f'
    const env = gitEnvironment({
      HOME: folder,
      GIT_CONFIG_GLOBAL: join(folder, '.gitconfig'),
      GIT_ALLOW_PROTOCOL: 'http:https',
      TOKEN: product.ready.apiToken,
    })
    for (const [key, value] of [
      ['user.name', 'Nora'],
      ['user.email', 'nora@example.org'],
      ['credential.helper', helper],
    ] as const)
      await run('git', ['config', '--global', key, value], { env })
    const { stderr } = await run('bash', ['-e', '-c', await commands.innerText()], { cwd: folder, env })
    expect(stderr).toContain('hello v1: new, 1 task')
    await expect(page.getByRole('link', { name: 'hello', exact: true })).toBeVisible()
    await page.goto(`${product.ready.url}/main/hello/hello/runs/1`)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Succeeded: 1 of 1/)
    expect(faults, 'errors in the browser').toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
    await product.stop()
  }
})
