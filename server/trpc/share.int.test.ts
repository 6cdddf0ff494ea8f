/** What a share link opens: one comparison, as it was frozen, until its time is over; without it and with it nothing else. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as getShared } from '#app/share/[secret]/outputs/[attempt]/[name]/route.ts'
import { scored } from '#cli/testing/notebooks.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { authenticateToken } from '#server/services/token/tokens.ts'
import { openWeb } from '#server/testing/web.ts'
import type { WorkTree } from '#server/testing/hosted.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'
import { webContext } from '../web-context.ts'
import { appRouter, callerOf } from './router.ts'

const { database } = testDatabase()
let shop: Workshop
let tree: WorkTree
let runs: [string, string]

/** Commits the notebook with this accuracy, pushes and runs it; gives the run. */
async function push(accuracy: number, version: number): Promise<string> {
  await tree.write({ 'd/pair.dag.md': scored('pair', accuracy) })
  await tree.commit(`Accuracy ${accuracy}`)
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('shared'), 'main')
  return (await shop.ended('pair', version)).id
}

beforeAll(async () => {
  shop = await openWorkshop(database())
  openWeb(shop.hosted.ctx)
  tree = await shop.hosted.work('shared', {})
  runs = [await push(0.9, 1), await push(0.99, 2)]
})
afterAll(() => shop.close())

async function owner() {
  const actor = await authenticateToken(database(), shop.hosted.token)
  return callerOf({ services: webContext(), actor })
}
const nobody = () => callerOf({ services: webContext(), actor: null })

/** A new link to the comparison of the two runs. */
async function share() {
  const { comparisons } = await owner()
  const { id } = await comparisons.create({ runs })
  const link = await comparisons.share({ id })
  return { id: link.id, secret: link.url.split('/').at(-1) ?? '' }
}

/** Everything that a link shows: the comparison, and the rows of its table. */
async function shown(secret: string) {
  const place = { task: 'fit', key: null, name: 'table', run: runs[1] }
  const view = { onlyDifferences: true, offset: 0, limit: 10 }
  const { comparisons } = nobody()
  return {
    comparison: await comparisons.shared({ secret }),
    table: await comparisons.sharedOutput({ secret, place, ...view }),
  }
}

/** What each way in says to this secret. */
async function refusals(secret: string) {
  const { comparisons } = nobody()
  const place = { task: 'fit', key: null, name: 'table', run: runs[1] }
  const said = (asked: Promise<unknown>) =>
    asked.then(
      () => 'it opened',
      (error: Error) => error.message,
    )
  const attempt = '00000000-0000-4000-8000-000000000000'
  const output = await getShared(new Request('http://dagbok.test/'), {
    params: Promise.resolve({ secret, attempt, name: 'table' }),
  })
  return [
    await said(comparisons.shared({ secret })),
    await said(comparisons.sharedUntil({ secret })),
    await said(comparisons.sharedOutput({ secret, place, onlyDifferences: true, offset: 0, limit: 10 })),
    ((await output.json()) as { message: string }).message,
  ]
}

test('[S2] a link whose time is over answers as one that never was', async () => {
  const { id, secret } = await share()
  expect((await shown(secret)).comparison.verdict.word).toBe('better')
  await database().client`update share_link set expires_at = now() - interval '1 second' where id = ${id}`
  const never = await refusals('x'.repeat(43))
  expect(new Set(never)).toEqual(
    new Set(['This link opens nothing: it has expired, was revoked, or never was.']),
  )
  expect(await refusals(secret)).toEqual(never)
})

test('[S2] a link is frozen: a later run, a new commit and another view of its runs change nothing in it', async () => {
  const { secret } = await share()
  const before = await shown(secret)
  const { runs: run, comparisons } = await owner()
  await run.rerun({ id: runs[0] })
  await shop.ended('pair', 1)
  await push(0.5, 3)
  await tree.git('push', '-q', shop.hosted.remote('shared'), 'HEAD:refs/heads/side')
  await comparisons.create({ runs, base: runs[1], onlyDifferences: false })
  await comparisons.create({ runs: [runs[1], runs[0]] })
  expect(await shown(secret)).toEqual(before)
})

test('[S2] with only the secret, every procedure but those of the link itself asks for a sign-in', async () => {
  const { secret } = await share()
  const actor = await authenticateToken(database(), secret)
  expect(actor).toBeNull()
  const names = Object.keys(appRouter._def.procedures)
  const caller = callerOf({ services: webContext(), actor }) as unknown as Record<
    string,
    Record<string, (input: object) => Promise<unknown>>
  >
  const open: string[] = []
  for (const name of names) {
    const [router = '', procedure = ''] = name.split('.')
    const code = await caller[router]?.[procedure]?.({ secret, id: runs[0] }).then(
      () => 'it answered',
      (error: { code: string }) => error.code,
    )
    if (code !== 'UNAUTHORIZED') open.push(name)
  }
  expect(names.length).toBeGreaterThan(40)
  expect(open.toSorted()).toEqual([
    'comparisons.shared',
    'comparisons.sharedOutput',
    'comparisons.sharedUntil',
  ])
})
