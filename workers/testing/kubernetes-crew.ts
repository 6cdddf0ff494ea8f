/** For tests: a desk and a web server that pods reach, and the cluster that is up. */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { apply, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import type { Database } from '#db/client.ts'
import { clustersOf, type ClusterSettings } from '#server/config/clusters.ts'
import { deskSocket } from '#server/config/desk.ts'
import type { Json } from '#server/domain/json.ts'
import { forwardToDesk } from '#server/http/worker-forward.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { ClusterHost } from '../executors/kubernetes/cluster-host.ts'
import type { ClusterClient } from '../executors/kubernetes/cluster-client.ts'
import { clusterClient, deploymentsOf, serverOf } from '../executors/kubernetes/kubeconfig.ts'
import type { AttemptSink } from '../executors/executor.ts'
import type { Barrier } from '../executors/conformance/trial.ts'
import type { Crew, Place } from './crew.ts'
import { deskOf } from './desk-of.ts'

export interface KubernetesCrew extends Crew {
  namespace: string
  cluster: ClusterSettings
  /** @param meanwhile what happens while nobody looks after the cluster */
  crash: (meanwhile?: () => Promise<unknown>) => Promise<void>
  /** Names of the pods that are there, also of those that only a finalizer holds. */
  podsLeft: () => Promise<string[]>
  /** Nobody looks after the cluster any more; pods are answered still. */
  deaf: () => Promise<void>
  /** Resolves when there is none. */
  nothingLeft: () => Promise<void>
}

/** The same again where a workshop starts its scheduler anew. */
async function makeNamespace(name: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }).catch(() => {})
  await kubectl(['get', 'namespace', name])
}

/** The address of a database that is open. */
export async function addressOf(db: Database): Promise<string> {
  const [row] = await db.client<{ name: string }[]>`select current_database() as name`
  const address = new URL(inject('databaseUrl'))
  address.pathname = `/${row?.name ?? ''}`
  return address.href
}

/** What a test's cluster has beside the usual, as the file of the clusters has it. */
type More = Readonly<Record<string, Json>>

function settingsOf(address: string, namespace: string, more: More): ClusterSettings {
  const registry = inject('registry')
  const [cluster] = clustersOf(
    JSON.stringify({
      // Pods of another test are not this one's to look after.
      instance: namespace,
      clusters: {
        default: {
          kubeconfig: inject('kubeconfig'),
          namespace,
          address,
          agent_image: `${registry}/dagbok-agent:1`,
          image: `${registry}/workshop:1`,
          // Two processors are shared by all of a test.
          cpu: 0.2,
          memory: 256 * 2 ** 20,
          ...more,
        },
      },
    }),
    'clusters.yaml',
  )
  if (cluster === undefined) throw new Error('there is no cluster in the settings')
  return cluster
}

/** A server that pods reach, until the test is over. @returns its address, which ends with a slash */
async function reachable(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, inject('machine'))
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://${inject('machine')}:${(server.address() as AddressInfo).port}/`
}

/** How often the code of each attempt has begun: what its script says first. */
export async function podStarts() {
  const counts = new Map<string, number>()
  const address = await reachable(({ url = '' }, response) => {
    const attempt = url.slice(1)
    counts.set(attempt, (counts.get(attempt) ?? 0) + 1)
    response.end()
  })
  return {
    /** A line of bash. */
    say: `wget -q -O /dev/null "${address}$DAGBOK_ATTEMPT_ID"`,
    /** By the attempt's id. */
    counts,
  }
}

/** What pods wait for: an address of this machine that answers once it may. */
export async function podBarrier(): Promise<Barrier> {
  let isOpen = false
  const address = await reachable((_request, response) => {
    response.statusCode = isOpen ? 200 : 404
    response.end()
  })
  return {
    wait: `until wget -q -O /dev/null ${address} 2>/dev/null; do sleep 0.2; done`,
    open: () => {
      isOpen = true
      return Promise.resolve()
    },
  }
}

/** Answers a pod's agent in the place of the product; it gives whether it did, and until then the agent waits. */
export type Instead = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>

/** What a test puts between the parts. */
export interface Between {
  /** Asked first of all that agents ask. */
  instead?: Instead
  /** What each life of the executor speaks to, in the place of what it is given. */
  life?: (parts: { client: ClusterClient; sink: AttemptSink }) => { client: ClusterClient; sink: AttemptSink }
  /** ms that bringing away what was left may take. */
  collectMs?: number
  /** Is done when nobody looks after the cluster any more, and pods are answered still. */
  last?: (namespace: string) => Promise<unknown>
}

export async function kubernetesCrew(
  place: Place,
  more: More = {},
  { instead = () => false, life = (parts) => parts, last = () => Promise.resolve(), collectMs }: Between = {},
): Promise<KubernetesCrew> {
  const { db, hosted, scheduler, sink, runtime } = place
  const namespace = `t-${basename(runtime).slice(-12)}`
  const url = await addressOf(db)
  const socket = deskSocket(runtime)
  await mkdir(socket.folder, { recursive: true, mode: 0o700 })
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (!(await instead(request, response))) forwardToDesk(request, response, socket.path)
  }
  const web = createServer((request, response) => void answer(request, response))
  web.listen(0, inject('machine'))
  await once(web, 'listening')
  const address = `http://${inject('machine')}:${(web.address() as AddressInfo).port}`
  await makeNamespace(namespace)
  const cluster = settingsOf(address, namespace, more)
  const employ = () => {
    const host = new ClusterHost({
      cluster,
      ...life({ client: clusterClient(cluster), sink }),
      deployments: deploymentsOf(cluster),
      workerGone: (id) => desk.forget(id),
      address: () => serverOf(cluster),
      databaseUrl: url,
      db,
      artifacts: hosted.ctx.artifacts,
      secrets: new SecretsOfAttempts(db, hosted.ctx.secrets),
      scheduler,
      released: (token) => scheduler.released(token),
      log: hosted.ctx.log,
      tryMs: 200,
      ...(collectMs === undefined ? {} : { collectMs }),
    })
    host.start()
    return host
  }
  let host = employ()
  const desk = deskOf(place, { podChanged: (attemptId) => host.changed(attemptId) })
  await desk.listen(socket.path)
  await scheduler.start(null)
  const podsLeft = async () =>
    (await kubectl(['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.name}']))
      .split(' ')
      .filter(Boolean)
  return {
    runtime,
    namespace,
    cluster,
    podsLeft,
    deaf: () => host.stop(),
    nothingLeft: async () =>
      void (await until(
        'no pod is left',
        async () => ((await podsLeft()).length === 0 ? true : null),
        90_000,
      )),
    crash: async (meanwhile) => {
      await host.stop()
      await meanwhile?.()
      host = employ()
    },
    stop: async () => {
      await host.stop()
      await last(namespace)
      await desk.close()
      web.close()
      web.closeAllConnections()
    },
  }
}

/** It calls itself by this name. */
const killWorker =
  'for p in /proc/[0-9]*; do if grep -q "dagbok[ ]worker" $p/cmdline; then kill -9 ${p#/proc/}; fi; done'

/** Workers of the pool that the cluster has in the image of their tasks. */
export async function warmCrew(
  place: Place,
  more: Readonly<Record<string, number>> = {},
  cluster: More = {},
): Promise<KubernetesCrew> {
  const theirs = (namespace: string) => ['-n', namespace, '-l', 'app.kubernetes.io/managed-by=dagbok-pool']
  const pods = async (namespace: string) => {
    const names = await kubectl([
      'get',
      'pods',
      ...theirs(namespace),
      '-o',
      'jsonpath={.items[*].metadata.name}',
    ])
    return names.split(' ').filter(Boolean)
  }
  const pool = { workers: 2, slots: 4, cpu: 0.4, memory: 2 ** 30, idle: 600, drain: 0, ...more }
  const last = async (namespace: string) => {
    await kubectl(['delete', 'deployments', ...theirs(namespace)])
    await until('no worker is left', async () => ((await pods(namespace)).length === 0 ? true : null))
  }
  const crew = await kubernetesCrew(place, { ...cluster, warm_pool: pool }, { last })
  const { ctx } = place.hosted
  Object.assign(ctx, { clusters: [crew.cluster], deployment: { ...ctx.deployment, warm: 'default' } })
  const { namespace } = crew
  return {
    ...crew,
    crash: async () => {
      for (const pod of await pods(namespace)) {
        const restarts = () =>
          kubectl([
            'get',
            'pod',
            pod,
            '-n',
            namespace,
            '-o',
            'jsonpath={.status.containerStatuses[0].restartCount}',
          ])
        const before = await restarts()
        // What kills it is in the same container, and may go with it.
        await kubectl(['exec', '-n', namespace, pod, '--', 'bash', '-c', killWorker]).catch(() => {})
        await until('the worker was killed', async () => ((await restarts()) === before ? null : true))
      }
    },
  }
}
