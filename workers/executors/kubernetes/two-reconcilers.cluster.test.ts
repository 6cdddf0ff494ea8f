/** Two look after the same pods at once, as when one has lost its lock and does not know it yet; on a real cluster. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { kubernetesCrew, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import type { ClusterClient } from './cluster-client.ts'
import { workerIdOf } from './cluster-host.ts'
import { clusterClient } from './kubeconfig.ts'
import { KubernetesExecutor } from './kubernetes-executor.ts'

const { database } = testDatabase()
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
let shop: Workshop
let crew: KubernetesCrew
let other: KubernetesExecutor | undefined

/** Each comes to delete a pod; before the other one has, too, it does not. Whoever is first has all to do that the other finds done. */
const come = new Set<string>()
const { promise: both, resolve: meet } = Promise.withResolvers<void>()
async function meeting(who: string): Promise<void> {
  come.add(who)
  if (come.size === 2) meet()
  await both
}

/** The same client, which waits before its first deletion. */
const waiting = (client: ClusterClient, who: string): ClusterClient =>
  new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const work = value.bind(target) as (...given: unknown[]) => unknown
      return name === 'deletePod' ? (...given: unknown[]) => meeting(who).then(() => work(...given)) : work
    },
  })

beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => {
    crew = await kubernetesCrew(
      place,
      {},
      { life: ({ client, sink }) => ({ client: waiting(client, 'first'), sink }) },
    )
    const { db, hosted, sink } = place
    other = new KubernetesExecutor({
      cluster: crew.cluster,
      client: waiting(clusterClient(crew.cluster), 'other'),
      workerId: workerIdOf(crew.cluster.name),
      db,
      artifacts: hosted.ctx.artifacts,
      secrets: new SecretsOfAttempts(db, hosted.ctx.secrets),
      sink,
      released: () => {},
      log: hosted.ctx.log,
    })
    await other.start()
    return crew
  })
})
afterAll(async () => {
  meet()
  await other?.stop()
  await shop.close()
})

test('[R1] [R5] [R8] each code begins once, each log is whole and has no line twice, nothing is left', async () => {
  const { say, counts } = await podStarts()
  const lines = 'for i in 1 2 3 4 5 6; do echo "$DAGBOK_TASK $i"; sleep 0.5; done'
  const { id, state } = await trial.run('shared', [
    cell('id: well\nmatrix: {part: [1, 2, 3, 4, 5, 6]}', 'bash', `${say}; ${lines}`),
    cell('id: fails\nretries: 1\nretry_delay: 1ms', 'bash', `${say}; ${lines}; exit 3`),
    cell('id: late\ntimeout: 3s', 'bash', `${say}; trap "exit 1" TERM; echo begun; sleep 600 & wait`),
    cell('id: left\noutputs: {x: x.txt}', 'bash', `${say}; echo 1 > "$DAGBOK_OUT/x.txt"; ${lines}`),
  ])
  expect(state).toBe('failed')
  const ends = (await trial.attempts(id)).map((row) => `${row.task} ${row.reason ?? row.state}`)
  expect(ends).toEqual([
    'fails user_error',
    'fails user_error',
    'late timeout',
    'left succeeded',
    ...Array.from({ length: 6 }, () => 'well succeeded'),
  ])
  expect([...counts.values()]).toEqual(Array.from({ length: 10 }, () => 1))
  for (const task of ['well', 'fails', 'left'])
    expect(await shop.log(id, task)).toBe([1, 2, 3, 4, 5, 6].map((n) => `${task} ${n}\n`).join(''))
  await crew.nothingLeft()
  expect([...come].toSorted()).toEqual(['first', 'other'])
})
