/** Logs of pods that cannot be read or stored for a while are there whole afterwards. */
import { expect, test } from 'vitest'
import { logEnd } from '#db/queries/log.ts'
import { addToHandle, liveAttempt } from '#db/queries/pod.ts'
import { noSecrets } from '#server/domain/secret/secret-matcher.ts'
import { podHandleOf } from './pod-handle.ts'
import { PodLogs } from './pod-logs.ts'
import { done, idOf, now, paperShop } from './testing/paper-shop.ts'

const at = paperShop()

/** A line as a kubelet sends it. */
const line = (text: string): string => `${now()} ${text}\n`
const isLog = (url = '') => /\/log\?/.test(url)

test('[R8] a log that could not be read for a while is read to its end', async () => {
  const refused = Promise.withResolvers<void>()
  at.paper.instead = ({ url }, response) => {
    if (!isLog(url)) return false
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}')
    refused.resolve()
    return true
  }
  await at.push('refused')
  const pod = await at.podOf('refused')
  const { name } = pod.metadata
  at.paper.logs.set(name, line('first') + line('last'))
  await at.run(pod)
  await refused.promise
  at.paper.instead = () => false
  at.paper.setMain(name, done(), 'Succeeded')
  const { id } = await at.shop.ended('refused', 1)
  expect(await at.shop.log(id, 'a')).toBe('first\nlast\n')
  await at.paper.until(() => (at.paper.pods.size === 0 ? true : null))
})

test('[R8] what of a log is not stored is read again, and nobody is kept waiting for it', async () => {
  await at.push('unstored')
  const pod = await at.podOf('unstored')
  const { name } = pod.metadata
  const attempt = await liveAttempt(at.database(), idOf(pod))
  const handle = podHandleOf(attempt?.handle ?? null)
  if (attempt === null || handle === null) throw new Error('it is over')
  // Its pod has not been seen to run: the executor does not read it, too.
  let isAway = true
  const logs = new PodLogs({
    client: at.paper.client(),
    db: at.database(),
    artifacts: at.place.hosted.ctx.artifacts,
    sink: {
      appendLog: (token, chunk) =>
        isAway ? Promise.reject(new Error('away')) : at.shop.sink.appendLog(token, chunk),
    },
    secrets: { matcherOf: () => Promise.resolve(noSecrets) },
    log: at.place.hosted.ctx.log,
    patienceMs: 0,
  })
  at.paper.logs.set(name, line('all'))
  await expect(logs.complete(attempt, pod.metadata, handle)).rejects.toThrow('could not be stored')
  isAway = false
  const held = Promise.withResolvers<() => void>()
  at.paper.instead = ({ url }, response) => {
    if (isLog(url)) held.resolve(() => response.end(at.paper.logs.get(name)))
    return isLog(url)
  }
  expect(await logs.complete(attempt, pod.metadata, handle)).toBe(false)
  at.paper.instead = () => false
  ;(await held.promise)()
  expect(await logs.complete(attempt, pod.metadata, handle)).toBe(true)
  await logs.close()
  expect(await logEnd(at.database(), attempt.id)).toMatchObject({ seq: 1, bytes: 4, lines: 1 })
  await at.run(pod)
  at.paper.setMain(name, done(), 'Succeeded')
  await at.shop.ended('unstored', 1)
  await at.paper.until(() => (at.paper.pods.size === 0 ? true : null))
})

test('[R8] of two that write one log, the second is told; what a pod says is kept whatever it says', async () => {
  await at.push('twice')
  const pod = await at.podOf('twice')
  const attempt = await liveAttempt(at.database(), idOf(pod))
  const chunk = (digit: string) => {
    const place = { seq: 0, byteOffset: 0, firstLine: 0, lines: 0, bytes: 1 }
    return at.shop.sink.appendLog(attempt?.token ?? '', { ...place, hash: digit.repeat(64) })
  }
  expect([await chunk('a'), await chunk('a'), await chunk('b')]).toEqual([true, true, false])
  const end = { state: 'failed', reason: null, message: 'a\0b', container: null, exitCode: null }
  expect(await addToHandle(at.database(), attempt?.token ?? '', { ending: { why: 'refused', end } })).toBe(
    true,
  )
  const { handle = null } = (await liveAttempt(at.database(), idOf(pod))) ?? {}
  expect(podHandleOf(handle)?.ending?.end.message).toBe('a\ufffdb')
  at.executor.changed(idOf(pod))
  expect((await at.shop.ended('twice', 1)).state).toBe('failed')
})
