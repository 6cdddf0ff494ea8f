/** For tests: what a task could try to get out of its bounds, with the rules that refuse it and the words it is told in. */
import type { Json } from '../../../json.ts'
import type { TaskPod } from '../../task-pod.ts'
import type { Allowed } from '../allowed.ts'

export type JsonMap = { [key: string]: Json }
export interface Escalation {
  task: Partial<TaskPod>
  /** Names of the rules that refuse it: without them it passes. */
  by: string[]
  /** Its sentence begins so. */
  words: string
  /** An admin's word that lets it through; without it, none does. */
  allowed?: Partial<Allowed>
}

export const spec = (patch: JsonMap) => ({ patch: { spec: patch } })
export const main = (patch: JsonMap) => spec({ containers: [{ name: 'main', ...patch }] })
export const inMain = (securityContext: JsonMap) => main({ securityContext })
export const inPod = (securityContext: JsonMap) => spec({ securityContext })
export const volume = (more: JsonMap) => spec({ volumes: [{ name: 'x', ...more }] })
export const container = (more: JsonMap) =>
  spec({ initContainers: [{ name: 'own', image: 'busybox', ...more }] })
export const metadata = (patch: JsonMap) => ({ patch: { metadata: patch } })
export const first = 'spec.containers[main]'
