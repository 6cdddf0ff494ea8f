/** Pods as a kubelet and a control plane leave them, each with what is to be told of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PodVerdict } from '../domain/pod/verdict.ts'

export interface Fixture {
  about: string
  /** `built` by hand after the types of Kubernetes, or the version of the kubelet that it was recorded from. */
  source: string
  pod: unknown
  events: unknown
  expected: PodVerdict
}

const folder = join(import.meta.dirname, '../domain/pod/golden')
export const fixtures = readdirSync(folder).map((file): [name: string, fixture: Fixture] => [
  file.replace('.json', ''),
  JSON.parse(readFileSync(join(folder, file), 'utf8')) as Fixture,
])
