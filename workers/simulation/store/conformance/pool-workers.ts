/** What the scheduler relies on of workers, its own and those of the pool. */
import { expect, test } from 'vitest'
import { leaseMs } from '#server/config/lease.ts'
import { lost, nobody, type Bench } from './bench.ts'

export function poolWorkerRules({ subject, run, started }: Bench): void {
  test('attempts that an earlier life on a host left are told to the next one', async () => {
    const { store, token } = subject()
    const { id, items } = await run(await subject().dag('  - {id: a, command: [a]}'))
    const [before, after, host] = [token(), token(), token()]
    await store.registerWorker({ id: before, host, pid: 1 })
    await store.registerWorker({ id: after, host, pid: 2 })
    const mine = token()
    const made = { taskRunId: items[0]?.id ?? '', runId: id, n: 1, kind: 'main', executor: 'x' } as const
    await store.insertAttempt({ ...made, token: mine, workerId: before }, leaseMs)
    expect((await store.attemptsOfEarlierLives(host, after)).map((one) => one.token)).toEqual([mine])
    expect(await store.attemptsOfEarlierLives(host, before)).toEqual([])
    await store.endAttempt(mine, lost)
    expect(await store.attemptsOfEarlierLives(host, after)).toEqual([])
  })

  const inPool = async (own = false) => {
    const { store, dag, token, workersToken } = subject()
    const { id, items } = await run(await dag('  - {id: a, command: [a], executor: pool}'))
    const worker = { id: token(), host: token(), tokenId: own ? null : await workersToken() }
    await store.registerWorker({ ...worker, pid: 1, queues: ['q'] })
    const mine = token()
    const made = { taskRunId: items[0]?.id ?? '', runId: id, n: 1, kind: 'main', executor: 'pool' } as const
    await store.insertAttempt({ ...made, token: mine, workerId: worker.id }, leaseMs)
    return { store, id, worker, token: mine }
  }

  /** Of a worker with a token. */
  const ofWorker = async () => {
    const { worker, ...made } = await inPool()
    if (worker.tokenId === null) throw new Error('it has no token')
    return { ...made, worker: { ...worker, tokenId: worker.tokenId } }
  }

  test('a worker of the pool is known by its token, and until it was stopped', async () => {
    const { store, worker } = await ofWorker()
    const known = () => store.findWorker(worker.id, worker.tokenId)
    expect(await known()).toEqual({
      id: worker.id,
      host: worker.host,
      queues: ['q'],
      draining: false,
      full: null,
    })
    expect(await store.findWorker(worker.id, nobody)).toBeNull()
    expect(await store.findWorker(nobody, worker.tokenId)).toBeNull()
    // It registers again, since the answer was lost.
    await store.registerWorker({ ...worker, pid: 2, queues: ['other'] })
    expect((await known())?.queues).toEqual(['q'])
    const full = { place: 'the worker’s folder', free: 1, least: 2 }
    await store.workerAlive(worker.id, full)
    expect((await known())?.full).toEqual(full)
    await store.workerAlive(worker.id)
    expect((await known())?.full).toBeNull()
    await store.workerDrains(worker.id)
    expect((await known())?.draining).toBe(true)
    await store.workerStopped(worker.id)
    expect(await known()).toBeNull()
  })

  test('[R1] an attempt is told to the worker that holds it, with the process it runs in, and to no other', async () => {
    const { store, id, worker, token } = await inPool()
    await store.markSubmitted(token, { pid: 7 })
    expect(await store.attemptOfWorker(token, worker.id)).toMatchObject({
      runId: id,
      state: 'submitted',
      handle: { pid: 7 },
    })
    expect(await store.attemptOfWorker(token, nobody)).toBeNull()
    expect(await store.attemptOfWorker(nobody, worker.id)).toBeNull()
    expect(await store.tokensOfWorker([token, nobody], worker.id)).toEqual([token])
    expect(await store.tokensOfWorker([token], nobody)).toEqual([])
    await store.endAttempt(token, lost)
    expect(await store.attemptOfWorker(token, worker.id)).toBeNull()
    expect(await store.tokensOfWorker([token], worker.id)).toEqual([])
  })

  test('[R1] the next life of a worker inherits what its earlier ones hold, and those are over', async () => {
    const { store, worker, token } = await ofWorker()
    const heir = { ...worker, id: subject().token() }
    await store.registerWorker({ ...heir, pid: 2, queues: ['q'] })
    const stranger = { ...heir, host: 'elsewhere' }
    expect(await store.inheritAttempts(stranger)).toEqual([])
    expect((await store.inheritAttempts(heir)).map((one) => one.token)).toEqual([token])
    expect(await store.findWorker(worker.id, worker.tokenId)).toBeNull()
    expect(await store.attemptOfWorker(token, worker.id)).toBeNull()
    expect((await store.attemptOfWorker(token, heir.id))?.state).toBe('created')
    expect(await store.inheritAttempts(heir)).toEqual([])
  })

  test('leases of workers with a token are graced, those of the product’s own machine are not', async () => {
    const [pooled, own, pooledHere] = [await inPool(), await started(), await inPool(true)]
    const over = async () => (await pooled.store.expiredAttempts()).map((one) => one.token)
    for (const { token } of [pooled, own, pooledHere]) await subject().expire(token)
    expect(await over()).toEqual(expect.arrayContaining([pooled.token, own.token, pooledHere.token]))
    await pooled.store.graceLeases(60)
    expect(await over()).toEqual(expect.arrayContaining([own.token, pooledHere.token]))
    expect(await over()).not.toContain(pooled.token)
  })
}
