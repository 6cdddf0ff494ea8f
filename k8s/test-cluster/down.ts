/** From a cluster to a machine as it was before. */
import { rm } from 'node:fs/promises'
import { removeGroups } from './cgroups.ts'
import { putBackSettings } from './changed-settings.ts'
import { succeeds } from './run.ts'
import { network, state } from './settings.ts'
import { closeSpace } from './space.ts'
import { until } from './until.ts'

/** Ends what is up, and removes what it wrote; what is downloaded and built stays. Nothing to do is no error. */
export async function down(): Promise<void> {
  await closeSpace()
  await removeGroups()
  const cable = ['ip', 'link', 'show', network.cable]
  await until('the network of the cluster is gone', async () => ((await succeeds(cable)) ? null : true))
  await putBackSettings()
  await rm(state, { recursive: true, force: true })
}
