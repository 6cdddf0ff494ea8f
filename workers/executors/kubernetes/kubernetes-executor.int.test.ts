/** The shell of the executor: whom it looks after, and for how long. */
import { expect, test } from 'vitest'
import { pino } from 'pino'
import { addToHandle, liveAttempt } from '#db/queries/pod.ts'
import { done, idOf, now, paperShop } from './testing/paper-shop.ts'

const at = paperShop()

test('[R2] an attempt that is looked at while it is being submitted is not forgotten', async () => {
  let kept: string[] = []
  let attemptId = ''
  at.beforeSubmitted = async (token) => {
    const [row] = await at.database().client<{ id: string }[]>`select id from attempt where token = ${token}`
    attemptId = row?.id ?? ''
    const keeper = at.keeperOf('default')
    keeper.memory.remember(attemptId, token, { namespace: 'paper', name: 'none' }, { manifest: null })
    await keeper.look(attemptId)
    kept = keeper.memory.ids()
  }
  await at.push('early')
  const pod = await at.podOf('early')
  at.beforeSubmitted = () => Promise.resolve()
  expect(kept).toEqual([attemptId])
  await at.run(pod)
  at.paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await at.shop.ended('early', 1)).state).toBe('succeeded')
  await at.paper.until(() => (at.paper.pods.size === 0 ? true : null))
})

test('[R8] of two clusters of the settings that are one, each leaves the pods of the other alone', async () => {
  await at.push('theirs')
  const pod = await at.podOf('theirs')
  await at.run(pod)
  const id = idOf(pod)
  const other = at.keeperOf('other')
  other.memory.found(id, pod.metadata)
  await other.look(id)
  expect(other.memory.ids()).toEqual([])
  expect(at.paper.pods.get(pod.metadata.name)?.metadata['deletionTimestamp']).toBeUndefined()
  at.paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await at.shop.ended('theirs', 1)).state).toBe('succeeded')
  await at.paper.until(() => (at.paper.pods.size === 0 ? true : null))
})

const leaseOf = async (id: string) => {
  const [row] = await at.database().client<{ seconds: number }[]>`
    select extract(epoch from lease_until - clock_timestamp())::float8 as seconds from attempt where id = ${id}`
  return row?.seconds ?? 0
}

test('[R2] what is claimed and not submitted is not waited for for a day; what is submitted is', async () => {
  const underway = Promise.withResolvers<number>()
  at.beforeSubmitted = async (token) => {
    const [row] = await at.database().client<{ id: string }[]>`select id from attempt where token = ${token}`
    underway.resolve(await leaseOf(row?.id ?? ''))
  }
  await at.push('leased')
  const pod = await at.podOf('leased')
  at.beforeSubmitted = () => Promise.resolve()
  expect(await underway.promise).toBeLessThan(61)
  expect(await leaseOf(idOf(pod))).toBeGreaterThan(80_000)
  await at.run(pod)
  at.paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await at.shop.ended('leased', 1)).state).toBe('succeeded')
  await at.paper.until(() => (at.paper.pods.size === 0 ? true : null))
})

test('[R4] what an earlier life left takes places; a start that fails leaves nothing that watches', async () => {
  await at.push('left')
  const pod = await at.podOf('left')
  await at.run(pod)
  await at.paper.until(() => (at.paper.watches === 1 ? true : null))
  const next = await at.employ('default', at.shop.sink)
  expect(next.capacity).toBe(2)
  await next.stop()
  await at.database().client.run('alter table team rename to team_that_is_away')
  await expect(at.employ('default', at.shop.sink)).rejects.toThrow('Failed query')
  await at.database().client.run('alter table team_that_is_away rename to team')
  await at.paper.until(() => (at.paper.watches === 1 ? true : null))
  expect(at.executor.capacity).toBe(3)
  at.paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await at.shop.ended('left', 1)).state).toBe('succeeded')
  await at.paper.until(() => (at.paper.pods.size === 0 ? true : null))
})

test('[R18] an attempt whose results cannot be read has failed, and is not looked at for ever', async () => {
  await at.push('unreadable')
  const pod = await at.podOf('unreadable')
  const attempt = await liveAttempt(at.database(), idOf(pod))
  const { hash } = await at.place.hosted.ctx.artifacts.put(Buffer.from('{"of": "another shape"}'))
  await addToHandle(at.database(), attempt?.token ?? '', { results: hash })
  await at.run(pod)
  at.paper.setMain(pod.metadata.name, done(), 'Succeeded')
  const [row] = await at.shop.until(async () => {
    const rows = await at.database().client<{ state: string; reason: string }[]>`
      select state, reason from attempt where id = ${idOf(pod)} and state = 'failed'`
    return rows.length === 0 ? null : rows
  })
  expect(row?.reason).toBe('storage')
})

test('a pod that was let go is let go of once, whatever old news of it is told; one that is still there after a while once more', async () => {
  await at.push('let_go')
  const pod = await at.podOf('let_go')
  await at.run(pod)
  at.paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await at.shop.ended('let_go', 1)).state).toBe('succeeded')
  const { name } = pod.metadata
  await at.paper.until(() => (at.paper.pods.has(name) ? null : true))

  let told = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: now() } }
  let elapsedMs = 0
  const keeper = at.keeperOf('default', { viewed: () => told, timing: { elapsed: () => elapsedMs } })
  keeper.memory.found(idOf(pod), { namespace: 'paper', name })
  const asked: string[] = []
  at.paper.instead = ({ method = '', url = '' }) => {
    if (url.includes(name)) asked.push(method)
    return false
  }
  expect(await keeper.look(idOf(pod))).toEqual({ againMs: 10_000 })
  expect(asked).toEqual(['PATCH'])
  elapsedMs = 4000
  expect(await keeper.look(idOf(pod))).toEqual({ againMs: 6000 })
  expect(asked).toEqual(['PATCH'])
  elapsedMs = 10_000
  expect(await keeper.look(idOf(pod))).toEqual({ againMs: 10_000 })
  expect(asked).toEqual(['PATCH', 'PATCH'])
  // Another pod under its name is none that was let go.
  told = { ...told, metadata: { ...told.metadata, uid: 'another' } }
  await keeper.look(idOf(pod))
  at.paper.instead = () => false
  expect(asked).toEqual(['PATCH', 'PATCH', 'PATCH'])
})

test('[R17] a cancel ends a pod, and is heard once', async () => {
  const keeper = at.keeperOf('default')
  keeper.memory.remember('an attempt', 'a token', { namespace: 'paper', name: 'none' }, { manifest: null })
  expect([
    keeper.memory.cancel('a token'),
    keeper.memory.cancel('a token'),
    keeper.memory.cancel('none'),
  ]).toEqual(['an attempt', null, null])
  expect(keeper.memory.tokens(() => true)).toEqual(['a token'])
  expect(keeper.memory.tokens(() => false)).toEqual([])
  // What fails each time is not prolonged for ever.
  keeper.memory.failed('an attempt')
  expect(keeper.memory.tokens(() => true)).toEqual([])
  await at.push('stopped')
  const pod = await at.podOf('stopped')
  await at.database().client`update run set cancel_requested_at = now() where state = 'running'`
  const deleted = await at.paper.until(() => {
    const now = at.paper.pods.get(pod.metadata.name)
    return now === undefined || now.metadata['deletionTimestamp'] !== undefined ? true : null
  })
  expect(deleted).toBe(true)
})

test('[R7] a cluster that does not answer does not hold up the stop of the product', async () => {
  await at.push('hanging')
  const pod = await at.podOf('hanging')
  const next = await at.employ('default', at.shop.sink)
  const asked = Promise.withResolvers<void>()
  at.paper.instead = ({ method, url = '' }) => {
    if (method !== 'GET' || !url.includes(pod.metadata.name)) return false
    asked.resolve()
    return true
  }
  // Cancelled, it asks for the pod itself.
  await at.database().client`update run set cancel_requested_at = now() where state = 'running'`
  await asked.promise
  const began = performance.now()
  await next.stop()
  expect(performance.now() - began).toBeLessThan(10_000)
  at.paper.instead = () => false
})

test('[R7] that a namespace cannot be watched is told, with the reason', async () => {
  const told = Promise.withResolvers<string>()
  const write = (text: string) => {
    if (text.includes('cannot be watched')) told.resolve(text)
  }
  at.paper.instead = ({ url = '' }, response) => {
    if (!url.includes('/pods?')) return false
    response.writeHead(403, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'no right to list' }),
    )
    return true
  }
  const next = await at.employ('default', at.shop.sink, pino({}, { write }))
  expect(await told.promise).toContain('no right to list')
  at.paper.instead = () => false
  await next.stop()
})
