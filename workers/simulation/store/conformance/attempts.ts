/** What the scheduler relies on of attempts: each write is fenced. */
import { expect, test } from 'vitest'
import { leaseMs } from '#server/config/lease.ts'
import {
  succeeded,
  lost,
  nobody,
  to,
  failed,
  type Bench,
  writeTaskRuns,
  writeRun,
  noHandle,
} from './bench.ts'

export function attemptRules({ subject, started }: Bench): void {
  test('[R1] an attempt goes from created to submitted to running, each once, by its token only', async () => {
    const { store, token, cleanup } = await started()
    // An executor that asks the gate at once says both with it.
    expect(await store.markRunning(cleanup, noHandle, leaseMs)).toBe(true)
    expect(await store.markSubmitted(cleanup, {})).toBe(false)
    expect(await store.markSubmitted(nobody, {})).toBe(false)
    expect(await store.markSubmitted(token, {})).toBe(true)
    expect(await store.markSubmitted(token, {})).toBe(false)
    expect(await store.markRunning(nobody, noHandle, leaseMs)).toBe(false)
    expect(await store.markRunning(token, noHandle, leaseMs)).toBe(true)
    expect(await store.markRunning(token, noHandle, leaseMs)).toBe(false)
  })

  test('[R1] of two that ask the start gate at once, one passes', async () => {
    const { store, token } = await started()
    await store.markSubmitted(token, {})
    const answers = await Promise.all([
      store.markRunning(token, noHandle, leaseMs),
      store.markRunning(token, noHandle, leaseMs),
    ])
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  test('[R1] [R17] of a pod the start gate is shut for another UID, and once the pod is being ended', async () => {
    const { store, token, cleanup } = await started()
    const passes = (whose: string, uid: string) =>
      store.markRunning(whose, { ...noHandle, handle: { pod: 'a', uid } }, leaseMs)
    await store.markSubmitted(token, { pod: 'a', uid: 'one' })
    expect(await passes(token, 'two')).toBe(false)
    expect(await passes(token, 'one')).toBe(true)
    await store.markSubmitted(cleanup, { pod: 'b', ending: { why: 'cancel' } })
    expect(await passes(cleanup, 'one')).toBe(false)
  })

  test('[R1] a number of an attempt is there once', async () => {
    const { store, taskRunId, given } = await started()
    expect(await failed(store.insertAttempt({ ...given, taskRunId, token: nobody }, leaseMs))).toBe(true)
  })

  test('[R3] an attempt ends once; after that its token is nobody', async () => {
    const { store, token, taskRunId } = await started()
    expect(await store.findLiveAttempt(token)).toMatchObject({ taskRunId })
    expect(await store.endAttempt(nobody, lost)).toBe(false)
    const answers = await Promise.all([store.endAttempt(token, lost), store.endAttempt(token, succeeded)])
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await store.findLiveAttempt(token)).toBeNull()
    expect(await store.markSubmitted(token, {})).toBe(false)
    expect((await store.heartbeat([token], leaseMs)).size).toBe(0)
  })

  test('[R3] a terminal state is final, a state is written from the one it was read in, a retry has its time', async () => {
    const { store, id, taskRunId } = await started()
    expect(await writeTaskRuns(store, [{ id: taskRunId, from: 'queued', to: to('starting') }])).toBe(0)
    expect(await failed(writeTaskRuns(store, [{ id: taskRunId, from: 'waiting', to: to('retrying') }]))).toBe(
      true,
    )
    expect(await writeTaskRuns(store, [{ id: taskRunId, from: 'waiting', to: to('failed') }])).toBe(1)
    expect(await failed(writeTaskRuns(store, [{ id: taskRunId, from: 'failed', to: to('queued') }]))).toBe(
      true,
    )
    const change = (state: 'succeeded' | 'running') =>
      writeRun(store, id, { change: { to: state, reason: null }, stop: null, dueAt: null })
    await change('succeeded')
    expect(await failed(change('running'))).toBe(true)
    expect((await store.taskRunRows(id)).map(({ state }) => state)).toEqual(['failed', 'waiting'])
  })

  test('a lease that is over is told until somebody ends the attempt or its worker prolongs it', async () => {
    const { store, id, token, cleanup } = await started()
    const mine = async () =>
      (await store.expiredAttempts()).filter((one) => one.runId === id).map((one) => one.token)
    expect(await mine()).toEqual([])
    await subject().expire(token)
    await subject().expire(cleanup)
    expect((await mine()).length).toBe(2)
    await store.heartbeat([token], leaseMs)
    expect(await mine()).toEqual([cleanup])
    await store.endAttempt(cleanup, lost)
    expect(await mine()).toEqual([])
  })

  test('the start gate prolongs a lease that is shorter, and shortens none', async () => {
    const { store, id, token } = await started()
    const isOver = async () => (await store.expiredAttempts()).some((one) => one.runId === id)
    await store.markSubmitted(token, {})
    await subject().expire(token)
    expect(await isOver()).toBe(true)
    expect(await store.markRunning(token, noHandle, leaseMs)).toBe(true)
    expect(await isOver()).toBe(false)
    const longer = await started()
    await longer.store.markSubmitted(longer.token, {})
    await longer.store.markRunning(longer.token, noHandle, -leaseMs)
    expect((await longer.store.expiredAttempts()).map((one) => one.token)).not.toContain(longer.token)
  })

  test('[R17] a cancel ends ordinary attempts at their heartbeat, a second one clean-up, too', async () => {
    const { store, id, token, cleanup } = await started()
    const beat = async () => {
      const answers = await store.heartbeat([token, cleanup], leaseMs)
      return [answers.get(token), answers.get(cleanup)]
    }
    expect(await beat()).toEqual(['go_on', 'go_on'])
    expect(await store.requestCancel(id, null)).toBe(true)
    expect(await store.runsToEnd()).toContain(id)
    expect(await beat()).toEqual(['cancel', 'go_on'])
    expect(await store.requestCancel(id, null)).toBe(true)
    expect(await beat()).toEqual(['cancel', 'cancel'])
    await writeRun(store, id, { change: { to: 'cancelled', reason: null }, stop: null, dueAt: null })
    expect(await store.requestCancel(id, null)).toBe(false)
    expect(await store.runsToEnd()).not.toContain(id)
  })

  test('results are read of attempts that succeeded, once they are committed', async () => {
    const { store, id, token } = await started()
    const key = await store.findLiveAttempt(token)
    const results = { outputs: [], metrics: [], values: [{ name: 'n', value: 7, declared: false }] }
    await store.insertResults(key?.id ?? '', results)
    expect(await store.valuesOfRun(id, ['a'])).toEqual([])
    await store.endAttempt(token, succeeded)
    expect(await store.valuesOfRun(id, ['a'])).toEqual([{ task: 'a', index: 0, name: 'n', value: 7 }])
    expect(await store.valuesOfRun(id, ['z'])).toEqual([])
  })
}
