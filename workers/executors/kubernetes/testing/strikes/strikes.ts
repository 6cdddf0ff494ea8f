/** What can go wrong around pods on the cluster that is up: one thing at a time, each mended again. */
import { setTimeout as pause } from 'node:timers/promises'
import { pidOf, restartDaemon, signalDaemon, stopDaemon } from '#k8s/test-cluster/daemons.ts'
import { apply, evict, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import type { KubernetesCrew } from '../../../../testing/kubernetes-crew.ts'

/** A whole number from 0 to below this. */
export type Random = (below: number) => number

interface Site {
  crew: KubernetesCrew
  random: Random
}

type Strike = (site: Site) => Promise<void>

const seconds = (least: number, most: number, random: Random) => 1000 * (least + random(most - least + 1))

/** One of the pods that are there, by its name; null: there is none. */
async function anyPod({ crew, random }: Site): Promise<string | null> {
  const names = await crew.podsLeft()
  return names[random(names.length || 1)] ?? null
}

/** A pod may go by itself before it is struck. */
const orGone = (work: Promise<unknown>): Promise<unknown> => work.catch(() => null)

const daemonDies =
  (name: string, least: number, most: number): Strike =>
  async ({ random }) => {
    await stopDaemon(name)
    try {
      await pause(seconds(least, most, random))
    } finally {
      await restartDaemon(name)
    }
  }

/** It answers nobody, and closes nothing. */
const daemonStands =
  (name: string, least: number, most: number): Strike =>
  async ({ random }) => {
    await signalDaemon(name, 'SIGSTOP')
    try {
      await pause(seconds(least, most, random))
    } finally {
      await signalDaemon(name, 'SIGCONT')
    }
  }

async function podDeleted(site: Site): Promise<void> {
  const name = await anyPod(site)
  if (name === null) return
  const grace = site.random(2) === 0 ? ['--grace-period=0', '--force'] : []
  await orGone(kubectl(['delete', 'pod', name, '-n', site.crew.namespace, '--wait=false', ...grace]))
}

async function podEvicted(site: Site): Promise<void> {
  const name = await anyPod(site)
  if (name === null) return
  await orGone(evict(name, site.crew.namespace))
}

async function quotaFull({ crew, random }: Site): Promise<void> {
  const metadata = { name: 'none', namespace: crew.namespace }
  await apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } })
  try {
    await pause(seconds(2, 8, random))
  } finally {
    const gone = ['delete', 'resourcequota', 'none', '-n', crew.namespace, '--ignore-not-found']
    await until('the quota is gone', () =>
      kubectl(gone).then(
        () => true,
        () => null,
      ),
    )
  }
}

/** That a run of strikes is for. */
export const podsAtOnce = 30

/** By its name, how often it comes of all, and how many pods it may take away before the rest of their logs is read. */
const strikes: Record<string, { often: number; strike: Strike; takes?: number }> = {
  'a pod is deleted by hand': { often: 6, strike: podDeleted, takes: 1 },
  'a pod is evicted': { often: 4, strike: podEvicted, takes: 1 },
  'the executor ends, and another one takes over': { often: 4, strike: ({ crew }) => crew.crash() },
  'the API server is killed': { often: 2, strike: daemonDies('kube-apiserver', 1, 12) },
  'the API server stands still': { often: 2, strike: daemonStands('kube-apiserver', 3, 20) },
  'the scheduler of the cluster is killed': { often: 1, strike: daemonDies('kube-scheduler', 2, 8) },
  'its controllers are killed': { often: 1, strike: daemonDies('kube-controller-manager', 2, 8) },
  'a kubelet is killed for a moment': { often: 2, strike: daemonDies('kubelet2', 2, 8) },
  'a kubelet is killed, and its node is given up': {
    often: 1,
    strike: daemonDies('kubelet2', 35, 45),
    takes: podsAtOnce,
  },
  'a kubelet stands still': { often: 1, strike: daemonStands('kubelet1', 3, 12) },
  'the quota is used up': { often: 2, strike: quotaFull },
}

const daemons = ['kube-apiserver', 'kube-scheduler', 'kube-controller-manager', 'kubelet1', 'kubelet2']

/** Whatever was struck last: all daemons run, and the API server answers. */
export async function mended(): Promise<void> {
  for (const name of daemons) {
    if ((await pidOf(name)) === null) await restartDaemon(name)
    await signalDaemon(name, 'SIGCONT')
  }
  await until('the API server answers', () =>
    kubectl(['get', '--raw', '/readyz']).then(
      () => true,
      () => null,
    ),
  )
}

/** Pods that were taken away at most before the rest of their logs was read. */
export const takenAway = (done: ReadonlyMap<string, number>): number =>
  [...done].reduce((sum, [name, often]) => sum + often * (strikes[name]?.takes ?? 0), 0)

/** Strikes until it is told to stop, which it does with all mended. @returns how often each thing was done */
export async function strike(site: Site, stop: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const { random } = site
  const lots = Object.entries(strikes).flatMap(([name, { often }]) =>
    Array.from({ length: often }, () => name),
  )
  const done = new Map<string, number>()
  while (!stop.aborted) {
    await pause(seconds(1, 5, random))
    const name = lots[random(lots.length)] ?? ''
    await strikes[name]?.strike(site)
    done.set(name, (done.get(name) ?? 0) + 1)
    await mended()
  }
  return done
}
