/** Argo's objects on a cluster: what its controller needs there, and workflows that are made, waited for and checked. */
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { until } from '#k8s/test-cluster/until.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { ClusterError } from '#workers/executors/kubernetes/cluster-error.ts'
import { jsonLines } from '#workers/executors/kubernetes/json-lines.ts'
import { bounded } from '#workers/executors/kubernetes/timing.ts'
import { checkWorkflow, completedLabel, workflowLabel, workflowOf, type Workflow } from './workflow.ts'

const withinMs = 60_000
/** More than what is done in one namespace takes until the next workflow ends; then it stands still. */
const stillMs = 180_000
const resources = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
/** No metrics: their port is one for all controllers of a machine. */
const config = { metricsConfig: '{enabled: false}', telemetryConfig: '{enabled: false}' }

interface Definition {
  metadata: { name: string }
  status?: { conditions?: { type: string; status: string }[] }
}

export class ArgoOnCluster {
  readonly #calls: Calls
  readonly #namespace: string
  readonly #workflows: string
  #definitions: Definition[] = []
  #made = 0

  constructor(calls: Calls, namespace: string) {
    this.#calls = calls
    this.#namespace = namespace
    this.#workflows = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/workflows`
  }

  /** Makes its kinds of objects, by their files, and its settings. @throws ClusterError */
  async install(files: readonly string[]): Promise<void> {
    for (const file of files) this.#definitions.push(parse(await readFile(file, 'utf8')) as Definition)
    for (const one of this.#definitions) await this.#make(resources, one)
    for (const { metadata } of this.#definitions)
      await until(`${metadata.name} is there`, async () => {
        const { status } = (await this.#ask('GET', `${resources}/${metadata.name}`)) as Definition
        return status?.conditions?.some((it) => it.type === 'Established' && it.status === 'True') || null
      })
    const map = { kind: 'ConfigMap', metadata: { name: 'workflow-controller-configmap' }, data: config }
    await this.#make(`/api/v1/namespaces/${this.#namespace}/configmaps`, { apiVersion: 'v1', ...map })
  }

  /** Takes all of it away, with the workflows that are left. */
  async uninstall(): Promise<void> {
    for (const { metadata } of this.#definitions) await this.#ask('DELETE', `${resources}/${metadata.name}`)
    const maps = `/api/v1/namespaces/${this.#namespace}/configmaps`
    await this.#ask('DELETE', `${maps}/workflow-controller-configmap`)
  }

  /**
   * Makes so many workflows of `length` pods, so many at the same time, and waits for all.
   * @returns their names, and what reads all of them, takes them away, and gives the ms from the first request until the last one
   *   was known to be over; that throws when one did not succeed
   * @throws when the controller is gone, or nothing more happens
   */
  async run(
    { count, length, atOnce }: { count: number; length: number; atOnce: number },
    gone: AbortSignal,
  ): Promise<{ ids: string[]; check: () => Promise<number> }> {
    const first = this.#made
    const ids = Array.from({ length: count }, (_, i) => `w${length}-${first + i}`)
    this.#made += count
    const { metadata } = (await this.#ask('GET', `${this.#workflows}?limit=1`)) as Workflow
    const began = performance.now()
    const over = this.#over(new Set(ids), metadata.resourceVersion, gone)
    const left = ids.values()
    const maker = async () => {
      for (const id of left) await this.#ask('POST', this.#workflows, workflowOf(id, length))
    }
    await Promise.all([over, ...Array.from({ length: atOnce }, maker)])
    const ms = performance.now() - began
    const check = async () => {
      await this.#check(count, length)
      await this.#clear()
      return ms
    }
    return { ids, check }
  }

  /** Watches until each of these is over. */
  async #over(left: Set<string>, since: string, gone: AbortSignal): Promise<void> {
    const still = () => new Error(`${left.size} workflows did not end: none did in ${stillMs / 1000} s`)
    const bound = bounded(this.#calls.timing, stillMs, still, gone)
    const query = { watch: true, labelSelector: `${completedLabel}=true` }
    try {
      for (let resourceVersion = since; left.size > 0;) {
        const ask = { method: 'GET', path: this.#workflows, withinMs, signal: bound.signal } as const
        const bytes = this.#calls.stream({ ...ask, query: { ...query, resourceVersion } }, stillMs)
        for await (const line of jsonLines(bytes)) {
          const { type, object } = line as { type: string; object: Workflow }
          if (type === 'ERROR') throw new Error(`the watch of workflows failed: ${JSON.stringify(object)}`)
          resourceVersion = object.metadata.resourceVersion
          if (left.delete(object.metadata.name)) bound.restart()
          if (left.size === 0) break
        }
      }
    } finally {
      bound.release()
    }
  }

  /** @throws unless there are so many, and each is right */
  async #check(count: number, pods: number): Promise<void> {
    let [checked, from] = [0, '']
    do {
      const page = (await this.#ask('GET', `${this.#workflows}?limit=500&continue=${from}`)) as {
        metadata: { continue?: string }
        items: Workflow[]
      }
      for (const one of page.items) checkWorkflow(one, pods)
      checked += page.items.length
      from = encodeURIComponent(page.metadata.continue ?? '')
    } while (from !== '')
    if (checked !== count) throw new Error(`there are ${checked} workflows, and ${count} were made`)
  }

  /** Deletes all, and waits until no pod of theirs is left: what comes next is not to pay for it. */
  async #clear(): Promise<void> {
    await this.#ask('DELETE', this.#workflows)
    const pods = `/api/v1/namespaces/${this.#namespace}/pods?limit=1&labelSelector=${workflowLabel}`
    for (const path of [this.#workflows, pods])
      await until(
        'what Argo made is gone',
        async () =>
          ((await this.#ask('GET', path)) as { items: unknown[] }).items.length === 0 ? true : null,
        stillMs,
      )
  }

  /** Makes an object; one that a bench left which was killed is as good. */
  async #make(path: string, value: object): Promise<void> {
    await this.#ask('POST', path, value).catch((error: unknown) => {
      if (!(error instanceof ClusterError && error.code === 'already_exists')) throw error
    })
  }

  #ask(method: 'GET' | 'POST' | 'DELETE', path: string, value?: object): Promise<unknown> {
    const body = value === undefined ? {} : { body: { type: 'application/json', value } }
    return this.#calls.json({ method, path, ...body, withinMs })
  }
}
