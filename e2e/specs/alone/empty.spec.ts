/** A product with nothing in it: its link signs in, it says how to begin, and that works as it is pasted. Then somebody signs out. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, type Browser } from '@playwright/test'
import { gitEnvironment } from '#server/git/run-git.ts'
import { startProduct, type Product } from '../../fixtures/product.ts'
import { looksWell } from '../../fixtures/looks.ts'
import { walkByTab } from '../../fixtures/tab-order.ts'
import { signIn, watchForFaults, type Session } from '../../fixtures/test.ts'
import { DagPage } from '../../pages/dag-page.ts'

const run = promisify(execFile)

let product: Product
let session: Session
test.beforeAll(async () => {
  product = await startProduct(['--no-examples'])
})
test.afterAll(() => product.stop())

// The first one signs in for the others.
test.describe.configure({ mode: 'serial' })

test('the page of the one-time link looks well; its button signs in', async ({ page, context }) => {
  const faults = watchForFaults(page)
  await page.goto(product.ready.signInUrl)
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await looksWell(page, /Dagbok/)
  expect(await walkByTab(page)).toEqual({ unreached: [], unseen: [] })
  await signIn(page, product.ready.signInUrl)
  session = await context.storageState()
  expect(faults, 'errors in the browser').toEqual([])
})

const signedIn = (browser: Browser) =>
  browser.newContext({ storageState: session, baseURL: product.ready.url })

test('the first page of an empty product leads to the first run, which appears by itself', async ({
  browser,
}) => {
  const context = await signedIn(browser)
  const page = await context.newPage()
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-e2e-empty-'))
  const faults = watchForFaults(page)
  try {
    await page.goto('/')
    await expect(page.getByRole('heading', { name: 'No DAGs yet' })).toBeVisible()
    await expect(page.locator('body')).toContainText(product.ready.gitUrl)
    const commands = page.getByRole('group', { name: 'Commands' })
    await expect(commands).toBeVisible()
    await looksWell(page, /No DAGs yet/)

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
    await page.getByRole('link', { name: 'hello', exact: true }).click()
    await expect(new DagPage(page, '').run(1, 'succeeded')).toBeVisible()
    await page.goto('/main/hello/hello/runs/1')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Succeeded: 1 of 1/)
    expect(faults, 'errors in the browser').toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
    await context.close()
  }
})

test('[S9] signing out ends the session in every tab, and a kept cookie is worth nothing', async ({
  browser,
}) => {
  const context = await signedIn(browser)
  const thief = await signedIn(browser)
  try {
    const page = await context.newPage()
    const other = await context.newPage()
    await other.goto('/')
    await expect(other.getByRole('navigation', { name: 'Where you are' })).toBeVisible()
    expect((await thief.request.get('/api/v1/dags')).status()).toBe(200)
    await page.goto('/settings')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await expect(page).toHaveURL(/\/sign-in/)
    await other.reload()
    await expect(other).toHaveURL(/\/sign-in/)
    expect((await thief.request.get('/api/v1/dags')).status()).toBe(401)
  } finally {
    await thief.close()
    await context.close()
  }
})
