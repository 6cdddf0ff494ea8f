/** What is kept of a pod, and said of it while it waits. */
import { expect, test } from 'vitest'
import { until } from '#k8s/test-cluster/until.ts'
import { readRun, requireRun } from '#server/services/run/read-run.ts'
import { seenOf } from '#server/services/pod/last-seen.ts'
import { asOwner } from '../../testing/as-owner.ts'
import { done, idOf, now, paperShop } from './testing/paper-shop.ts'

const at = paperShop()

test('a pod is kept with its attempt as it was last seen, with what the cluster told of it, and without its token', async () => {
  await at.push('kept')
  const pod = await at.podOf('kept')
  const id = idOf(pod)
  const message = 'Back-off restarting failed container'
  at.paper.events = [
    { involvedObject: { uid: pod.metadata.uid }, reason: 'BackOff', message, lastTimestamp: now() },
  ]
  await at.run(pod)
  const failed = { exitCode: 3, reason: 'Error', startedAt: now(), finishedAt: now() }
  at.paper.setMain(pod.metadata.name, { terminated: failed }, 'Failed')
  expect((await at.shop.ended('kept', 1)).state).toBe('failed')
  at.paper.events = []
  const [row] = await at.database().client<{ handle: Record<string, string> }[]>`
    select handle from attempt where id = ${id}`
  const seen = seenOf(row?.handle ?? null)
  expect(JSON.stringify(pod)).toContain('dagbok_pod_')
  expect(JSON.stringify(seen)).not.toContain('dagbok_pod_')
  expect(seen).toMatchObject({
    pod: {
      metadata: { uid: pod.metadata.uid },
      status: { phase: 'Failed', containerStatuses: [{ name: 'main', state: { terminated: failed } }] },
    },
    events: [{ reason: 'BackOff', message }],
  })
})

test('what holds a pod back is said while it waits, also when its start gate is passed, and no more when it runs', async () => {
  await at.push('held')
  const pod = await at.podOf('held')
  const { name } = pod.metadata
  const actor = { ...(await asOwner(at.database()))[1] }
  const said = async () => {
    const [row] = await at.database().client<{ id: string }[]>`
      select r.id from run r join dag d on d.id = r.dag_id where d.name = 'held'`
    const { ctx } = at.place.hosted
    const view = await readRun(ctx, await requireRun(ctx, actor, row?.id ?? '', 'run:read'))
    return view.taskRuns[0]?.whyNotRunning?.sentence ?? null
  }
  const untilSaid = (words: RegExp) =>
    at.shop.until(async () => (words.test((await said()) ?? '') ? true : null))
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }
  const full = [{ ...condition, message: '0/2 nodes are available: 2 Insufficient cpu.' }]
  at.paper.put({ ...pod, status: { phase: 'Pending', conditions: full } })
  await untilSaid(/^Attempt 1: .*2 Insufficient cpu\./)
  await at.pass(pod)
  const message = 'Back-off pulling image "x:1": ErrImagePull: x:1: not found'
  at.paper.setMain(name, { waiting: { reason: 'ImagePullBackOff', message } }, 'Pending')
  await untilSaid(/^Attempt 1: The registry has no such image/)
  await at.begin(pod)
  await at.shop.until(async () => ((await said()) === null ? true : null))
  at.paper.setMain(name, done(), 'Succeeded')
  expect((await at.shop.ended('held', 1)).state).toBe('succeeded')
})

test('of a pod that somebody has taken away, what was seen before is kept', async () => {
  await at.push('taken')
  const pod = await at.podOf('taken')
  const id = idOf(pod)
  await at.run(pod)
  await at.paper.until(() => (at.paper.pods.get(pod.metadata.name)?.['status'] === undefined ? null : true))
  // Nobody is told of it.
  await until('it was seen to run', async () => {
    const [row] = await at.database().client<{ at: string | null }[]>`
      select handle->>'runningSeenAt' as at from attempt where id = ${id}`
    return row?.at ?? null
  })
  at.paper.remove(pod.metadata.name)
  const row = await at.shop.until(async () => {
    const [found] = await at.database().client<{ handle: Record<string, string> }[]>`
      select handle from attempt where id = ${id} and ended_at is not null`
    return found ?? null
  })
  expect(seenOf(row.handle)).toMatchObject({ pod: { status: { phase: 'Running' } } })
  await at.database().client`update run set cancel_requested_at = now() where state = 'running'`
})
