/** A real API server as it is told in the settings: by a kubeconfig that is named, and by KUBECONFIG alone, as on a laptop. */
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { clustersOf } from '#server/config/clusters.ts'
import { reportOf } from './cluster-report.ts'
import { clusterClient, serverOf } from './kubeconfig.ts'

function clusterWith(more: Record<string, string>) {
  const one = { address: 'http://dagbok.test', agent_image: 'a:1', ...more }
  const [cluster] = clustersOf(JSON.stringify({ instance: 'report', clusters: { default: one } }), 'clusters')
  if (cluster === undefined) throw new Error('there is no cluster in the settings')
  return cluster
}
const asked = (more: Record<string, string>) => {
  const cluster = clusterWith(more)
  return reportOf(clusterClient(cluster), () => serverOf(cluster), null, new AbortController().signal)
}
const well = {
  server: expect.stringMatching(/^https:\/\/[\d.]+:\d+$/) as string,
  version: expect.stringMatching(/^v1\.\d+\.\d+/) as string,
  fault: null,
}

test('a cluster of a kubeconfig that is named, or of KUBECONFIG, is found, with its version', async () => {
  expect(await asked({ kubeconfig: inject('kubeconfig') })).toEqual(well)
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('KUBECONFIG', inject('kubeconfig'))
  expect(await asked({})).toEqual(well)
  vi.stubEnv('KUBECONFIG', '/nowhere/kubeconfig')
  expect(await asked({})).toEqual({
    server: null,
    version: null,
    fault: expect.stringMatching(/^The kubeconfig cannot be used: .*\/nowhere\/kubeconfig/) as string,
  })
  expect(await asked({ kubeconfig: inject('kubeconfig'), context: 'none' })).toMatchObject({
    server: null,
    fault: "The kubeconfig cannot be used: it has no context 'none'",
  })
})
