/** What is up. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { state, type Minor } from './settings.ts'
import { holder } from './space.ts'

export interface ClusterState {
  minor: Minor
  nodes: number
  /** Folder of Kubernetes' programs. */
  programs: string
  /** Environment of whatever runs inside. */
  env: Record<string, string>
  holder: number
}

/** null: no cluster is up, or one is that did not come up whole. */
export async function clusterState(): Promise<ClusterState | null> {
  const text = await readFile(join(state, 'cluster.json'), 'utf8').catch(() => null)
  if (text === null) return null
  const found = JSON.parse(text) as ClusterState
  return (await holder()) === found.holder ? found : null
}
