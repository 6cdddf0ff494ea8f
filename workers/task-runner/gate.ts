/**
 * Before a task's code: brings its files and inputs, then passes the start gate by its pod's UID. Files first: what cannot be
 * brought has not started, and burns none of the task's retries.
 */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { answeredTooLate, gateMs } from '#server/config/lease.ts'
import { sinceBoot } from '#server/config/since-boot.ts'
import type { PodJob } from '../executors/kubernetes/pod-protocol.ts'
import { remoteFiles } from '../executors/pool/remote-files.ts'
import { RemoteStore } from '../executors/pool/remote-store.ts'
import { writeInput } from '../executors/process/attempt-folder.ts'
import { layOut } from '../executors/process/lay-out.ts'
import { jobOf, type Agent } from './agent.ts'

async function bringFiles({ client, attemptId, root, signal }: Agent, job: PodJob): Promise<void> {
  const checkout = join(root, 'checkout')
  // Beside the files, not in the way of one of them: it is gone when they are laid out.
  const read = remoteFiles(client, checkout, () => signal)
  await layOut(checkout, read('', attemptId))
  await mkdir(join(checkout, job.folder), { recursive: true })
  if (job.script === null) return
  const target = join(checkout, job.script.path)
  // The version may have a link in its place.
  await rm(target, { force: true })
  await writeFile(target, job.script.text, { flag: 'wx', mode: 0o755 })
  await chmod(target, 0o755)
}

async function bringInputs({ client, attemptId, root, signal }: Agent, job: PodJob): Promise<void> {
  const artifacts = new RemoteStore(client, attemptId, signal)
  const places = { checkout: join(root, 'checkout'), artifacts }
  for (const [name, input] of Object.entries(job.inputs)) await writeInput(root, name, input, places)
}

/** What the task may write to, whether the collector will be there or not. */
async function makePlaces(root: string, job: PodJob): Promise<void> {
  for (const name of ['values', 'metrics']) await writeFile(join(root, 'report', name), '')
  for (const { path } of Object.values(job.outputs))
    await mkdir(dirname(join(root, 'out', path)), { recursive: true })
}

/** Asks until there is an answer; of each question the answer must come in time, or nobody knows what it is worth by then (R17). */
async function ask({ client, attemptId, podUid, signal }: Agent): Promise<boolean> {
  return client.again(async () => {
    const asked = sinceBoot()
    const { ok } = await client.call<{ ok: boolean }>('attempt/start', {
      attempt: attemptId,
      body: { uid: podUid },
      signal,
    })
    if (sinceBoot() - asked > gateMs) throw answeredTooLate()
    return ok
  }, signal)
}

/**
 * @param reports whether there is a place for outputs and reports
 * @throws Error when the gate is shut: the attempt is over, or another pod has passed it
 */
export async function passGate(agent: Agent, reports: boolean): Promise<void> {
  const job = await jobOf(agent)
  if (job.checkout) await bringFiles(agent, job)
  await bringInputs(agent, job)
  if (reports) await makePlaces(agent.root, job)
  if (!(await ask(agent)))
    throw new Error('The start gate is shut: the attempt is over, is to end, or has another pod.')
}
