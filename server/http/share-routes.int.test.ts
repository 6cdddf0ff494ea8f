/** Over real HTTP, of the product that the test files share: what someone reaches who has a share link and nothing else. */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { scored } from '#cli/testing/notebooks.ts'
import { sharedProduct } from '#cli/testing/shared-product.ts'
import type { RunDetail } from '#server/views/run.ts'
import type { GivenProduct } from '../../e2e/fixtures/product.ts'
import { cloneRepository } from '../../e2e/fixtures/repository.ts'
import { runToEnd } from '../../e2e/fixtures/runs.ts'

const app = join(import.meta.dirname, '../../app')
let product: GivenProduct
/** Three runs: two are shared, the third is not. */
let runs: RunDetail[]
let secret = ''

beforeAll(async () => {
  product = await sharedProduct()
  const copy = await cloneRepository(product.ready, 'kept')
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.push('First')
  await copy.remove()
  runs = []
  for (const n of [1, 2, 3]) runs.push(await runToEnd(product, 'main/kept/small', { n }))
  const shared = runs.slice(0, 2).map(({ id }) => id)
  const { id } = await product.api<{ id: string }>('/comparisons', { runs: shared })
  const { url } = await product.api<{ url: string }>(`/comparisons/${id}/share-links`, {})
  secret = url.split('/').at(-1) ?? ''
}, 600_000)

const attemptOf = (run: RunDetail | undefined) => run?.taskRuns[0]?.attempts[0]?.id ?? ''

/** Every way in which a secret can be shown to a server. */
const ask = (path: string, method = 'GET') =>
  fetch(`${product.ready.url}${path}?secret=${secret}&token=${secret}&key=${secret}&topics=*`, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${secret}`, cookie: `next-auth.session-token=${secret}` },
  })

/** Addresses of the files of `app` with this name, by what their folders say. */
async function addresses(name: 'page.tsx' | 'route.ts'): Promise<string[]> {
  const names = await readdir(app, { recursive: true })
  const values: Record<string, string> = {
    team: 'main',
    repo: 'kept',
    dag: 'small',
    number: '3',
    id: runs[2]?.id ?? '',
    attempt: attemptOf(runs[2]),
    task: 'fit',
    n: '1',
    name: 'table',
    secret,
    trpc: 'runs.get',
    '...path': 'dags',
    '...nextauth': 'session',
  }
  return names
    .filter((file) => file.endsWith(`/${name}`) && !file.startsWith('_'))
    .map((file) => `/${dirname(file)}`.replaceAll(/\/\([^)]*\)/g, ''))
    .map((path) => path.replaceAll(/\[([^\]]+)\]/g, (whole, key: string) => values[key] ?? whole))
    .toSorted()
}

test('[S2] with only the secret, every page but that of the link leads to the sign-in', async () => {
  const pages = await addresses('page.tsx')
  expect(pages).toContain('/main/kept/small/runs/3')
  const open: string[] = []
  for (const page of pages) {
    const answer = await ask(page === '' ? '/' : page)
    if (answer.status !== 307 || answer.headers.get('location') !== '/sign-in') open.push(page)
  }
  expect(open).toEqual([`/share/${secret}`, '/sign-in'].toSorted())
})

test('[S2] with only the secret, every route but those for everyone refuses', async () => {
  const routes = await addresses('route.ts')
  expect(routes).toContain(`/api/artifacts/attempts/${attemptOf(runs[2])}/outputs/table`)
  const answers: Record<string, number> = {}
  for (const route of routes) {
    const answer = await ask(route, route.startsWith('/api/hooks/') ? 'POST' : 'GET')
    if (answer.status !== 401) answers[route] = answer.status
    expect(await answer.text(), route).not.toMatch(/small|row,p|n is \d/)
  }
  expect(answers).toEqual({
    '/api/auth/session': 200,
    '/api/health/live': 200,
    '/api/health/ready': 200,
    '/api/openapi.json': 200,
    // A task's output of a run that is not shared, and a picture that is none of the comparison's.
    [`/share/${secret}/outputs/${attemptOf(runs[2])}/table`]: 404,
    [`/share/${secret}/image-diff`]: 404,
  })
  expect(await (await ask('/api/auth/session')).json()).toEqual({})
  const own = await ask(`/share/${secret}/outputs/${attemptOf(runs[0])}/table`)
  expect([own.status, await own.text()]).toEqual([200, 'row,p\n1,0.9\n'])
})

test('[S2] with only the secret, git and the desk of workers refuse', async () => {
  const basic = Buffer.from(`any:${secret}`).toString('base64')
  const git = await fetch(`${product.ready.gitUrl}/kept.git/info/refs?service=git-upload-pack`, {
    headers: { authorization: `Basic ${basic}` },
  })
  expect(git.status).toBe(401)
  expect((await ask('/api/worker/claim', 'POST')).status).toBe(401)
})
