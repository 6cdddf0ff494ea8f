import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { childEnvironment } from '#server/config/environment.ts'
import { killMarked } from './task-process.ts'

/** Each link begins the next one in a session of its own, and ends at once; the last one stays. */
const chain = 'if [ "$1" -gt 0 ]; then setsid sh -c "$0" "$0" $(($1 - 1)) & exit 0; fi; exec sleep 600'

/** Processes that are marked, in several looks: one that hops on is in some of them. */
function left(id: string): string[] {
  const found = new Set<string>()
  for (let look = 0; look < 20; look++)
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`DAGBOK_ATTEMPT_ID=${id}`)) found.add(pid)
      } catch {
        // It ended meanwhile, or is another user's.
      }
  return [...found]
}

test('[S3] what hops from process to process is ended, too', async ({ skip }) => {
  skip(process.platform !== 'linux', 'this machine has no /proc')
  for (let i = 0; i < 20; i++) {
    const id = randomUUID()
    const child = spawn('sh', ['-c', chain, chain, '40'], {
      env: childEnvironment({ DAGBOK_ATTEMPT_ID: id }),
      stdio: 'ignore',
      detached: true,
    })
    await once(child, 'exit')
    await killMarked(new Set([id]), null)
    expect(left(id)).toEqual([])
  }
})
