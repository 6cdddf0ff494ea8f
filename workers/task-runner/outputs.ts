/** Beside a task's code: when that has ended, brings away what it left, and says so last of all. */
import { join } from 'node:path'
import type { PodJob, PodResults } from '../executors/kubernetes/pod-protocol.ts'
import { RemoteStore } from '../executors/pool/remote-store.ts'
import { collectOutputs } from '../executors/process/attempt-folder.ts'
import { readResults } from '../executors/process/verdict.ts'
import { jobOf, type Agent } from './agent.ts'

async function leftBehind(agent: Agent, job: PodJob): Promise<PodResults> {
  const { root, client, attemptId, signal } = agent
  const { results, problem } = await readResults({ path: join(root, 'report') }, job)
  const store = new RemoteStore(client, attemptId, signal)
  const { outputs, missing } = await collectOutputs({ path: root }, store, job)
  return { ...results, outputs, missing, problem }
}

/**
 * @param over resolves when the code has ended
 * @throws DagbokError `unauthenticated` when the attempt is over; what reading and storing throws
 */
export async function collect(agent: Agent, over: Promise<void>): Promise<void> {
  // Asked while the code runs: whoever is to be asked may be away when it has ended.
  const asking = jobOf(agent)
  asking.catch(() => {})
  await over
  const results = await leftBehind(agent, await asking)
  await agent.client.insist('attempt/results', {
    attempt: agent.attemptId,
    body: results,
    signal: agent.signal,
  })
}
