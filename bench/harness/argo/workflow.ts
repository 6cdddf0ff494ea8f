/** Workflows of pods that do nothing, as Argo takes them, and what is expected of one that is over. */
import { fakeLabel, type FakePod } from '#k8s/test-cluster/fake-nodes.ts'

/** Of everything that is Argo's. */
const prefix = 'workflows.argoproj.io/'
export const workflowLabel = `${prefix}workflow`
export const completedLabel = `${prefix}completed`

/** What is read of one. */
export interface Workflow {
  metadata: { name: string; resourceVersion: string }
  status?: { phase?: string; message?: string; nodes?: Record<string, { type: string; phase: string }> }
}

/** A pod for the nodes without a machine. The command is given: Argo would ask the image's registry for it. */
const container = {
  name: 'pod',
  container: { image: 'none/none', command: ['true'] },
  nodeSelector: { [fakeLabel]: 'yes' },
  tolerations: [{ key: fakeLabel, operator: 'Exists' }],
}

const dagOf = (length: number) => ({
  name: 'chain',
  dag: {
    tasks: Array.from({ length }, (_, i) => ({
      name: `t${i}`,
      template: 'pod',
      ...(i === 0 ? {} : { depends: `t${i - 1}` }),
    })),
  },
})

/** Pods are deleted when they are done, as ours are. */
const podGC = { strategy: 'OnPodCompletion', deleteDelayDuration: '0s' }

/** One pod, or for a `length` of more than one a chain of tasks `t0`, `t1`, … */
export function workflowOf(name: string, length: number) {
  const [entrypoint, templates] = length === 1 ? ['pod', [container]] : ['chain', [dagOf(length), container]]
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: { name },
    spec: { entrypoint, podGC, templates },
  }
}

/** @throws unless it succeeded, with so many pods, each of which succeeded */
export function checkWorkflow({ metadata: { name }, status = {} }: Workflow, pods: number): void {
  const { phase, message = '', nodes = {} } = status
  if (phase !== 'Succeeded') throw new Error(`workflow ${name}: ${phase} ${message}`)
  const all = Object.values(nodes).filter(({ type }) => type === 'Pod')
  const succeeded = all.filter((node) => node.phase === 'Succeeded').length
  if (all.length !== pods || succeeded !== pods)
    throw new Error(
      `workflow ${name}: ${succeeded} of ${all.length} pods succeeded, and ${pods} are asked for`,
    )
}

/** Workflow and task of a pod; null: it is not Argo's. */
export function argoPlace({ metadata: { annotations = {} } }: FakePod) {
  const node = annotations[`${prefix}node-name`]
  if (node === undefined) return null
  const [run = '', task = 't0'] = node.split('.')
  return { run, task }
}
