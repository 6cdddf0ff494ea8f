/** What a deployment and an attempt say of a pod: facts that the builder is given. */
import type { AttemptIdentity } from './names.ts'
import type { PodInput } from './paths.ts'

/** Where the agent in a pod has the attempt's token from. It is never in what the task's own container gets. */
export type TokenSource =
  /** A key of a secret of the pod's namespace. Its name begins with `dagbok-`: no task may read one that does. */
  { kind: 'secret'; name: string; key: string } | { kind: 'value'; value: string }

export interface ContainerSize {
  /** Processors. */
  cpu: number
  /** Bytes. */
  memory: number
  /** Processors that it may use at most; without it, as many as it has. */
  cpuLimit?: number
}

/** Of a deployment, for one cluster and one team. */
export interface PodDeployment {
  /** The team's. */
  namespace: string
  /** This installation, among others on one cluster. */
  instance: string
  /** Our image: it passes the gate, brings files, and collects results. */
  agent: { image: string; size: ContainerSize }
  /** Where a pod reaches the control plane: `https://dagbok.example`. */
  address: string
  defaults: {
    /** Of tasks that name none; null: each must. */
    image: string | null
    /** What a task may use that does not say. */
    size: ContainerSize
    /** null: the namespace's own `default`. */
    serviceAccount: string | null
    imagePullSecrets: readonly string[]
    /** User, group and group of files of all containers; not 0. */
    userId: number
    /** Seconds that results have to be brought away in once the task's code has ended. */
    graceSeconds: number
  }
}

/** What a deployment has that says nothing of a size, an id, a time. */
export const plainDefaults: PodDeployment['defaults'] = {
  image: null,
  size: { cpu: 1, memory: 512 * 2 ** 20 },
  serviceAccount: null,
  imagePullSecrets: [],
  userId: 1000,
  graceSeconds: 3600,
}
/** It works for a moment at the start and at the end, and a task waits for both: it may take what is free then. */
export const plainAgentSize: ContainerSize = { cpu: 0.1, cpuLimit: 1, memory: 192 * 2 ** 20 }

/** An attempt, rendered: expressions evaluated, inputs known. */
export interface PodAttempt extends AttemptIdentity {
  token: TokenSource
  /** Repository path of the working directory. */
  folder: string
  /** `argv` of a script: its interpreter and its path from the working directory; nothing is expanded in it. */
  action:
    | { kind: 'image' }
    | { kind: 'command'; command: readonly string[] }
    | { kind: 'script'; argv: readonly string[] }
  args: readonly string[]
  /** As it is pulled: with the digest where that is known (N10). null: the deployment's. */
  image: string | null
  /** The task's own variables and those of N1, without the paths. */
  env: Record<string, string>
  inputs: Record<string, PodInput>
  /** Names of variables that it gets from the secret of its own name. */
  secrets?: readonly string[]
  /** Whether it declares an output, a value or a metric. */
  reports: boolean
  /** Processors, and bytes; null: the deployment's. */
  resources: { cpu: number | null; memory: number | null }
}
