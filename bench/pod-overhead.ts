/**
 * What our pod takes more than a bare one of the same image on the same node of a real kubelet: from its being there to the end of its
 * code. They take turns. Ours is once the image alone (a start gate before it), once a script with an output (the gate brings its
 * files, a sidecar brings away what it left).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { nodeName, registry } from '#k8s/test-cluster/settings.ts'
import { ownPrefix } from '#server/domain/pod/names.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import type { Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { head, pushFiles, runOnce, startRun, untilOver } from './harness/runs.ts'
import { quantile, round, type Row } from './harness/statistics.ts'
import { namespace, onCluster, withProduct } from './pods/on-cluster.ts'
import { PodTimes } from './pods/pod-times.ts'

const image = `${registry}/busybox:1`
const runAnnotation = `${ownPrefix}run`
const where = `executor: kubernetes, image: ${image}, node_selector: {kubernetes.io/hostname: ${nodeName(1)}}`
const flows = {
  alone: `${head('alone')}  - {id: t, ${where}, command: ["true"]}\n`,
  script: `${head('script')}  - {id: t, ${where}, outputs: {x: x.txt}, script: {lang: sh, text: 'echo x > "$DAGBOK_OUT/x.txt"'}}\n`,
}

/** As the Pod Security Standard *restricted* wants it, and no more. */
const bare = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    nodeSelector: { 'kubernetes.io/hostname': nodeName(1) },
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'main', image, command: ['true'] }],
  },
})

async function bareMs(times: PodTimes, name: string): Promise<number> {
  const { uid } = (await times.client.createPod(namespace, bare(name))).metadata
  const ms = await times.codeMs(name)
  await times.client.deletePod({ namespace, name }, { uid, graceSeconds: 0 })
  return ms
}

/** @returns ms of its code, as of a bare one; and from the question for a run to its end */
async function ourMs(product: Product, times: PodTimes, dag: keyof typeof flows) {
  const id = await startRun(product, dag, dag)
  await untilOver(product, dag, dag, [id])
  return times.codeMs(id)
}

const figures = (figure: string, values: number[], floor?: number[]): Row => ({
  figure,
  'p50 s': round(quantile(values, 0.5) / 1000),
  'p99 s': round(quantile(values, 0.99) / 1000),
  ...(floor === undefined
    ? {}
    : {
        'more, p50 s': round((quantile(values, 0.5) - quantile(floor, 0.5)) / 1000),
        'more, p99 s': round((quantile(values, 0.99) - quantile(floor, 0.99)) / 1000),
      }),
})

async function measure(product: Product, times: PodTimes, samples: number): Promise<Row[]> {
  for (const [id, text] of Object.entries(flows)) {
    await pushFiles(product, id, { [`${id}.dag.yaml`]: text })
    await runOnce(product, id, id, 1)
  }
  await bareMs(times, 'bare-first')
  const [plain, alone, script]: [number[], number[], number[]] = [[], [], []]
  const progress = new Progress(`${samples} pods of each kind:`, samples)
  for (let i = 0; i < samples; i++) {
    plain.push(await bareMs(times, `bare-${i}`))
    alone.push(await ourMs(product, times, 'alone'))
    script.push(await ourMs(product, times, 'script'))
    progress.step()
    // What has ended is taken away by the kubelet.
    await pause(500)
  }
  progress.end()
  return [
    figures('a bare pod: there → its code has ended', plain),
    figures('ours, an image alone', alone, plain),
    figures('ours, a script with an output', script, plain),
  ]
}

async function onNode(calls: Calls, samples: number): Promise<Row[]> {
  const times = new PodTimes(calls, namespace, ({ metadata }) => {
    return metadata.annotations?.[runAnnotation] ?? metadata.name
  })
  try {
    const cluster = { agent_image: `${registry}/dagbok-agent:1`, cpu: 0.1, memory: 128 * 2 ** 20 }
    return await withProduct(cluster, (product) => measure(product, times, samples))
  } finally {
    await times.stop()
  }
}

/** @returns rows of the table. @throws ClusterError where there can be no cluster; when a run fails */
export const podOverhead = (samples: number): Promise<Row[]> =>
  onCluster(1, (calls) => onNode(calls, samples))
