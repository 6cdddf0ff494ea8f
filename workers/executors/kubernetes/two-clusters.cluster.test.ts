/** One product, several clusters: each task is a pod of the one that it names. Here they are two names of one API server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { runsById } from '#db/queries/run-view.ts'
import { apply, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import type { ClusterSettings } from '#server/config/clusters.ts'
import { readRun } from '#server/services/run/read-run.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { addressOf, kubernetesCrew, podBarrier, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { ClusterHost } from './cluster-host.ts'
import { clusterClient, deploymentsOf, serverOf } from './kubeconfig.ts'

const { database } = testDatabase()
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
let shop: Workshop
let crew: KubernetesCrew
let far = ''

/** The same cluster by another name, with a namespace of its own. */
const otherOf = (cluster: ClusterSettings, namespace: string): ClusterSettings => ({
  ...cluster,
  name: 'far',
  namespaceOf: () => namespace,
  deploymentOf: (team) => ({ ...cluster.deploymentOf(team), namespace }),
})

beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => {
    crew = await kubernetesCrew(place)
    far = `${crew.namespace}-far`
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: far, labels } })
    const cluster = otherOf(crew.cluster, far)
    const { db, hosted, scheduler, sink } = place
    const host = new ClusterHost({
      cluster,
      client: clusterClient(cluster),
      deployments: deploymentsOf(cluster),
      workerGone: () => {},
      address: () => serverOf(cluster),
      databaseUrl: await addressOf(db),
      db,
      artifacts: hosted.ctx.artifacts,
      secrets: new SecretsOfAttempts(db, hosted.ctx.secrets),
      sink,
      scheduler,
      released: (token) => scheduler.released(token),
      log: hosted.ctx.log,
      tryMs: 200,
    })
    host.start()
    return {
      ...crew,
      stop: async (graceMs: number) => {
        await host.stop()
        await crew.stop(graceMs)
      },
    }
  })
}, 120_000)
afterAll(() => shop.close())

const podsIn = async (namespace: string) =>
  (
    await kubectl([
      'get',
      'pods',
      '-n',
      namespace,
      '-o',
      'jsonpath={.items[*].metadata.labels.dagbok\\.dev/task}',
    ])
  )
    .split(' ')
    .filter(Boolean)

test('each task is a pod of the cluster that it names, and one of a cluster that nobody has says so', async () => {
  const { wait, open } = await podBarrier()
  await trial.push('both', [
    cell('id: near', 'bash', wait),
    cell('id: away\ncluster: far', 'bash', wait),
    cell('id: nowhere\ncluster: moon\nallow_failure: true', 'bash', 'true'),
  ])
  await until('a pod is in each', async () => {
    const there = [await podsIn(crew.namespace), await podsIn(far)]
    return there.every((names) => names.length === 1) ? there : null
  })
  expect([await podsIn(crew.namespace), await podsIn(far)]).toEqual([['near'], ['away']])
  await open()
  const [row] = await database().client<{ id: string }[]>`
    select r.id from run r join dag d on d.id = r.dag_id where d.name = 'both'`
  const tasks = async () => {
    const [run] = await runsById(database(), [row?.id ?? ''])
    if (run === undefined) throw new Error('the run is there')
    return new Map((await readRun(shop.hosted.ctx, run)).taskRuns.map((one) => [one.task, one]))
  }
  const all = await until('both have ended', async () => {
    const now = await tasks()
    return ['near', 'away'].every((name) => now.get(name)?.state === 'succeeded') ? now : null
  })
  expect(all.get('nowhere')?.whyNotRunning?.sentence).toMatch(/^Nobody looks after a cluster moon: /)
  await crew.nothingLeft()
  await until('nothing is left there, either', async () => ((await podsIn(far)).length === 0 ? true : null))
})
