/** Beside a task's code: when that has ended, brings away what it left, and says so last of all. */
import { join } from 'node:path'
import type { PodJob, PodResults } from '../executors/kubernetes/pod-protocol.ts'
import { pause } from '../executors/pool/desk-client.ts'
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

/** ms between two questions whether the code has ended. */
const [soon, seldom] = [1000, 60_000]

/**
 * Resolves when the code has ended, as the control plane saw it. A pod tells its sidecars by a signal; one that comes before this
 * process listens is lost, for the first process of a container is not ended by it either.
 */
export async function seenToEnd(agent: Agent, done: AbortSignal): Promise<void> {
  for (let wait = soon; !done.aborted; wait = Math.min(seldom, wait * 2)) {
    await pause(wait, done)
    if (done.aborted) return
    const asked = { method: 'GET' as const, attempt: agent.attemptId, signal: agent.signal }
    const { over } = await agent.client.insist<{ over: boolean }>('attempt/over', asked)
    if (over) return
  }
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
