/** Processes of the agents in pods, as the machine under the test cluster sees them: to be killed as a kernel kills them. */
import { readdir, readFile } from 'node:fs/promises'
import { until } from '#k8s/test-cluster/until.ts'

const fileOf = (pid: string, name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')

/** Ends a container of an attempt by SIGKILL, once it runs, unless it is the one of that process. @returns its process */
export async function killAgent(
  attempt: string,
  what: 'gate' | 'outputs',
  but: number | null = null,
): Promise<number> {
  const pid = await until(`${what} of ${attempt} runs`, async () => {
    for (const one of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== but)) {
      if (!(await fileOf(one, 'cmdline')).endsWith(`agent.mjs\0${what}\0`)) continue
      if ((await fileOf(one, 'environ')).includes(`DAGBOK_ATTEMPT_ID=${attempt}\0`)) return Number(one)
    }
    return null
  })
  process.kill(pid, 'SIGKILL')
  return pid
}
