/**
 * The clusters that a deployment runs tasks on: a YAML file that whoever runs the product writes, for what is in it gives
 * rights in a cluster. Nobody who only writes notebooks can say any of it.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { DagbokError } from '../domain/errors/errors.ts'
import { defaultCluster } from '../domain/run/deployment.ts'
import { allowedSchema, nothingMore, type Allowed } from '../domain/pod/policy/allowed.ts'
import type { WarmPool } from '../domain/pod/warm-deployment.ts'
import { plainAgentSize, plainDefaults, type PodDeployment } from '../domain/pod/deployment.ts'

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, { error: 'is no name: small letters, digits, hyphens' })

/** Workers that stand in the image of tasks with `executor: pool`, while there is work for them. */
const warmPoolSchema = z.strictObject({
  /** Of one image, at most. */
  workers: z.number().int().min(1).max(1000).default(10),
  /** Tasks that each carries out at once. */
  slots: z.number().int().min(1).max(1000).default(4),
  /** Of each: processors, and bytes. */
  cpu: z.number().positive().default(2),
  memory: z
    .number()
    .int()
    .positive()
    .default(2 * 2 ** 30),
  /** Seconds after which one without work ends. */
  idle: z.number().int().min(1).max(86_400).default(300),
  /** Seconds that its tasks have to end in when it is told to. */
  drain: z.number().int().min(0).max(86_400).default(600),
})

const clusterSchema = z.strictObject({
  /** A context of the kubeconfig; without it its current one, or, in a pod, that pod's own service account. */
  context: z.string().min(1).optional(),
  /** Path of the kubeconfig; without it `KUBECONFIG`, or the user's own. */
  kubeconfig: z.string().min(1).optional(),
  /** Of each team: `{team}` is its name. */
  namespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]|\{team\})*$/, { error: 'is no namespace: `dagbok-{team}`' })
    .default('dagbok-{team}'),
  /** Where pods reach this product. */
  address: z.url({ protocol: /^https?$/ }),
  /** The image of the agent in each pod: the product's own. */
  agent_image: z.string().min(1),
  /** Of tasks that name none. */
  image: z.string().min(1).optional(),
  /** What tasks are given that do not say: processors, and bytes. */
  cpu: z.number().positive().default(plainDefaults.size.cpu),
  memory: z.number().int().positive().default(plainDefaults.size.memory),
  /** Attempts that may be pods at once. */
  pods: z.number().int().min(1).max(100_000).default(100),
  /** Pods that are created a second at most, and at once after a rest. */
  creations: z.number().int().min(1).max(10_000).default(100),
  /**
   * Seconds after which a node that does not answer is taken for dead, and its pods' attempts for lost; without it they are waited
   * for. Code that still runs there may then run beside that of the next attempt.
   */
  assume_dead: z.number().int().min(1).max(604_800).optional(),
  service_account: z.string().min(1).optional(),
  warm_pool: warmPoolSchema.optional(),
  image_pull_secrets: z.array(z.string().min(1)).default([]),
  /** By a team's name: what it may beyond the Pod Security Standard *restricted*. */
  teams: z.record(z.string(), allowedSchema).default({}),
})

const fileSchema = z.strictObject({
  /**
   * Tells this product's pods from another's on the same cluster. It has no default: of two with one name, each would delete the
   * other's pods as nobody's.
   */
  instance: name,
  clusters: z.record(name, clusterSchema),
})

export interface ClusterSettings {
  name: string
  context: string | null
  kubeconfig: string | null
  /** Where pods reach this product, without a slash at its end. */
  address: string
  /** The namespace of a team's pods. */
  namespaceOf: (team: string) => string
  /** Attempts that may be pods at once. */
  pods: number
  /** Pods that are created a second at most, and at once after a rest. */
  creations: number
  /** ms after which a node that does not answer is taken for dead; null: it is waited for. */
  assumeDeadMs: number | null
  /** null: it has no workers of the pool. */
  warmPool: WarmPool | null
  deploymentOf: (team: string) => PodDeployment
  allowedTo: (team: string) => Allowed
}

type Given = z.infer<typeof clusterSchema>

function warmPoolOf({ warm_pool: given }: Given): WarmPool | null {
  if (given === undefined) return null
  const { workers, slots, cpu, memory, idle, drain } = given
  return { workers, slots, size: { cpu, memory }, idleMs: idle * 1000, drainSeconds: drain }
}

function settingsOf(name: string, given: Given, instance: string): ClusterSettings {
  const namespaceOf = (team: string) => given.namespace.replaceAll('{team}', team.replaceAll('_', '-'))
  const address = given.address.replace(/\/$/, '')
  return {
    name,
    address,
    context: given.context ?? null,
    kubeconfig: given.kubeconfig ?? null,
    pods: given.pods,
    creations: given.creations,
    assumeDeadMs: given.assume_dead === undefined ? null : given.assume_dead * 1000,
    warmPool: warmPoolOf(given),
    namespaceOf,
    allowedTo: (team) => given.teams[team] ?? nothingMore,
    deploymentOf: (team) => ({
      namespace: namespaceOf(team),
      instance,
      agent: { image: given.agent_image, size: plainAgentSize },
      address,
      defaults: {
        ...plainDefaults,
        image: given.image ?? null,
        size: { cpu: given.cpu, memory: given.memory },
        serviceAccount: given.service_account ?? null,
        imagePullSecrets: given.image_pull_secrets,
      },
    }),
  }
}

/** @param text YAML. @throws DagbokError `bad_input` with every fault, each at its path */
export function clustersOf(text: string, file: string): ClusterSettings[] {
  let json: unknown
  try {
    json = parse(text)
  } catch (error) {
    throw new DagbokError('bad_input', `${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const given = fileSchema.safeParse(json)
  if (!given.success) {
    const faults = given.error.issues.map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`)
    throw new DagbokError('bad_input', faults.join('\n'))
  }
  const { clusters, instance } = given.data
  return Object.entries(clusters).map(([name, one]) => settingsOf(name, one, instance))
}

/** The cluster that has workers for tasks of the pool: `default`, or the first that has some. */
export function warmCluster(clusters: readonly ClusterSettings[]): string | null {
  const having = clusters.filter(({ warmPool }) => warmPool !== null).map(({ name }) => name)
  return having.find((name) => name === defaultCluster) ?? having[0] ?? null
}

/** @param file null: there are none. @throws DagbokError `bad_input` */
export function readClusters(file: string | null): ClusterSettings[] {
  if (file === null) return []
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new DagbokError('bad_input', `DAGBOK_CLUSTERS_FILE names ${file}, which cannot be read (${code}).`)
  }
  return clustersOf(text, file)
}
