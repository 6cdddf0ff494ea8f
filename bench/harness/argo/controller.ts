/** Argo's workflow-controller as a process of this machine, for one namespace of a cluster. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment } from '#server/config/environment.ts'
import { atExit, endNow } from '../ending.ts'

export interface Configuration {
  flags: string[]
  env: Record<string, string>
}

/**
 * Its defaults are 20 requests a second (30 at once), 32 workers, and 10 s before a workflow is looked at again after
 * something happened to it. `tuned` may ask as much as ours may, has more workers for as many workflows, looks again after the
 * second below which its source says it reads old state, writes no log, and keeps no statistics for estimates.
 */
export const configurations: Record<string, Configuration> = {
  defaults: { flags: [], env: {} },
  tuned: {
    flags: [
      '--qps=10000',
      '--burst=10000',
      '--workflow-workers=64',
      '--pod-cleanup-workers=32',
      '--loglevel=error',
    ],
    env: { DEFAULT_REQUEUE_TIME: '1s', SKIP_WORKFLOW_DURATION_ESTIMATION: 'true' },
  },
}

export interface Controller {
  pid: number
  /** Is aborted with the last that it said when it ends by itself. */
  gone: AbortSignal
  stop: () => Promise<void>
}

interface Where {
  program: string
  kubeconfig: string
  namespace: string
}

/** Starts it; that it works is known when a workflow has ended. */
export async function startController(
  { program, kubeconfig, namespace }: Where,
  { flags, env }: Configuration,
): Promise<Controller> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-argo-'))
  const log = join(folder, 'log')
  const file = await open(log, 'a', 0o600)
  const place = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--namespaced']
  const child = spawn(program, [...place, '--executor-image', 'none/none', ...flags], {
    env: childEnvironment({ LEADER_ELECTION_DISABLE: 'true', ...env }),
    stdio: ['ignore', file.fd, file.fd],
  })
  await Promise.all([once(child, 'spawn'), file.close()])
  const pid = child.pid ?? 0
  const forget = atExit(() => {
    endNow(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  const gone = new AbortController()
  const hasEnded = async () => {
    await once(child, 'exit')
    const said = await readFile(log, 'utf8').catch(() => '')
    gone.abort(new Error(`Argo's controller ended: ${said.slice(-1000)}`))
  }
  const exited = hasEnded()
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
    forget()
  }
  return { pid, gone: gone.signal, stop }
}
