/** `npm run docs -- --pictures`: the README's picture, taken of a product that was started for it with the examples. */
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { findBrowser } from '../../e2e/fixtures/chromium.ts'
import { startProduct } from '../../e2e/fixtures/product.ts'
import { signIn } from '../../e2e/fixtures/test.ts'
import { root } from '../check/stage.ts'

/** Bytes a picture in the repository may have. */
const largest = 200_000

const picture = 'docs/images/comparison.png'

interface RunAnswer {
  id: string
  state: string
  version: { number: number }
}

/** The finished runs of the classifier's two versions; waits for them. */
async function irisRuns(api: <T>(path: string) => Promise<T>): Promise<string[]> {
  for (;;) {
    const runs = await api<RunAnswer[]>('/dags/main/examples/iris/runs').catch(() => [])
    const ids = [1, 2].flatMap(
      (version) => runs.find((run) => run.version.number === version && run.state === 'succeeded')?.id ?? [],
    )
    if (ids.length === 2) return ids
    await new Promise((done) => setTimeout(done, 500))
  }
}

/** @throws Error when there is no browser, or the picture is too large */
export async function takePictures(): Promise<void> {
  const found = await findBrowser()
  if (typeof found === 'string') throw new Error(found)
  const product = await startProduct()
  const browser = await chromium.launch(found)
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
    await signIn(page, product.ready.signInUrl)
    const runs = await irisRuns(product.api)
    await page.goto(`${product.ready.url}/compare?runs=${runs.join(',')}`)
    await page.getByText('differing pixels').first().waitFor()
    await page.waitForLoadState('networkidle')
    await mkdir(join(root, 'docs/images'), { recursive: true })
    await writeFile(join(root, picture), await page.screenshot())
  } finally {
    await browser.close()
    await product.stop()
  }
  const { size } = await stat(join(root, picture))
  if (size > largest) throw new Error(`${picture} has ${size} bytes, ${largest} at most: show less on it.`)
  console.log(picture)
}
