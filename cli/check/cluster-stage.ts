/** The tests on a real Kubernetes cluster as a stage: made for them where the machine can have one. */
import { missing } from '#k8s/test-cluster/requirements.ts'
import type { Tally } from './stage.ts'
import { runVitest } from './vitest-stage.ts'

/** What keeps them from being run here, as a tally; null when nothing does. */
async function noCluster(): Promise<Tally | null> {
  const reasons = await missing()
  if (reasons.length === 0) return null
  const reason = `the tests on a cluster are skipped: ${reasons.join('; ')}`
  return { passed: 0, failed: 0, skipped: 1, failures: [], reasons: [reason] }
}

/** @throws Error when it ends without a report */
export const clusterStage = async (): Promise<Tally> =>
  (await noCluster()) ?? runVitest(['--project', 'cluster'])

/** For who does not ask for all: whether they could be run here. */
export const clusterReason = async (): Promise<Tally> =>
  (await noCluster()) ?? {
    passed: 0,
    failed: 0,
    skipped: 1,
    failures: [],
    reasons: [
      'the tests on a cluster are part of `npm test -- --all`: the first time, Kubernetes is built for them',
    ],
  }
