/** A cluster for a test process run: the one that is up, or one that is ended when the run is over. */
import type { TestProject } from 'vitest/node'
import { down } from '../down.ts'
import { kubeconfigOf } from '../keys.ts'
import { network, registry } from '../settings.ts'
import { clusterState } from '../state.ts'
import { up } from '../up.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the administrator's. */
    kubeconfig: string
    /** `HOST:PORT` that images are pulled from. */
    registry: string
    /** Where pods find this machine. */
    machine: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const before = await clusterState()
  await up(before ?? { minor: '1.35', nodes: 2 }, (text) => console.log(text))
  project.provide('kubeconfig', kubeconfigOf('admin'))
  project.provide('registry', registry)
  project.provide('machine', network.host)
  return async () => {
    if (before === null) await down()
  }
}
