/** Processes of the agents in pods, as the machine under the test cluster sees them: to be killed, or held, as by a kernel. */
import { readdir, readFile } from 'node:fs/promises'
import { until } from '#k8s/test-cluster/until.ts'

type What = 'gate' | 'outputs'

const fileOf = (pid: string, name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')

/** The process of a container of an attempt, once it runs, unless it is this one. */
const processOf = (attempt: string, what: What, but: number | null): Promise<number> =>
  until(`${what} of ${attempt} runs`, async () => {
    for (const one of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== but)) {
      if (!(await fileOf(one, 'cmdline')).endsWith(`agent.mjs\0${what}\0`)) continue
      if ((await fileOf(one, 'environ')).includes(`DAGBOK_ATTEMPT_ID=${attempt}\0`)) return Number(one)
    }
    return null
  })

/** Ends a container of an attempt by SIGKILL, once it runs, unless it is the one of that process. @returns its process */
export async function killAgent(attempt: string, what: What, but: number | null = null): Promise<number> {
  const pid = await processOf(attempt, what, but)
  process.kill(pid, 'SIGKILL')
  return pid
}

/** From now on a container of an attempt does nothing, and SIGTERM does not end it. */
export async function hangAgent(attempt: string, what: What): Promise<void> {
  process.kill(await processOf(attempt, what, null), 'SIGSTOP')
}
