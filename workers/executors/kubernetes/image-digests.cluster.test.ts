/** Digests of images (N10), as a real kubelet tells them of a real registry whose tag moves. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findDagRow } from '#db/queries/dag-view.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { pushLike } from '#k8s/test-cluster/push.ts'
import { listVersions } from '#server/services/version/read-version.ts'
import { seenOf } from '#server/services/pod/last-seen.ts'
import { kubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { fence, Trial } from '../conformance/trial.ts'

const { database } = testDatabase()
let shop: Workshop
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  shop = await openWorkshop(database(), kubernetesCrew)
})
afterAll(() => shop.close())

test('[N10] a version goes on with the image that it was first run with; the next one gets the new one, and the drift is shown', async () => {
  const registry = inject('registry')
  const name = `moving-${randomUUID().slice(0, 8)}`
  const image = `${registry}/${name}:1`
  const cells = (args: string) => [
    `${fence}yaml task\nid: a\nimage: ${image}\nargs: ${args}\npod: {spec: {containers: [{name: main, imagePullPolicy: Always}]}}\n${fence}\n`,
  ]
  const imageOf = async (run: string) => {
    const [row] = await database().client<{ handle: Record<string, string> }[]>`
      select handle from attempt where run_id = ${run}`
    const spec = seenOf(row?.handle ?? null)?.pod['spec'] as { containers: { image: string }[] } | undefined
    return spec?.containers[0]?.image
  }

  const before = await pushLike(registry, 'busybox:1', `${name}:1`, `${name} before`)
  const tree = await trial.push('moving', cells('["true"]'))
  const first = await shop.ended('moving', 1)
  expect(first.state).toBe('succeeded')
  expect(await imageOf(first.id)).toBe(image)

  const after = await pushLike(registry, 'busybox:1', `${name}:1`, `${name} after`)
  expect(after).not.toBe(before)
  const again = await trial.runOf('moving', 1)
  expect(again.state).toBe('succeeded')
  expect(await imageOf(again.id)).toBe(`${image}@${before}`)

  await tree.write({ 'd/moving.dag.md': trial.notebook('moving', cells('["true", "2"]')) })
  await tree.commit('Second')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('r-moving'), 'main')
  expect((await shop.ended('moving', 2)).state).toBe('succeeded')

  const [team] = await database().client<{ id: string }[]>`select id from team`
  const dag = await findDagRow(database(), team?.id ?? '', 'r-moving', 'moving')
  if (dag === null) throw new Error('there is no DAG')
  expect((await listVersions(shop.hosted.ctx, dag)).map(({ images }) => images)).toMatchObject([
    [{ image, digest: after, drift: null }],
    [{ image, digest: before, drift: { digest: after } }],
  ])
})
