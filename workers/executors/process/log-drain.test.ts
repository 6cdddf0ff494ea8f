import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { LogDrain } from './log-drain.ts'
import { signalGroup } from './task-process.ts'

let child: ChildProcess | null = null
afterEach(() => {
  if (child?.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
})

/** What of a shell's output is in the log when the shell has ended; each chunk takes `storeMs` to store. */
async function kept(script: string, patienceMs: number, storeMs = 0): Promise<Buffer> {
  child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  const chunks: Buffer[] = []
  const write = async (chunk: Buffer) => {
    if (storeMs > 0) await sleep(storeMs)
    chunks.push(chunk)
  }
  const drain = new LogDrain(child.stdout as Socket, { write }, patienceMs)
  await exited
  drain.ended()
  await drain.over
  return Buffer.concat(chunks)
}

test('a store that is slower than the process loses nothing', async () => {
  expect((await kept('head -c 200000 /dev/zero', 5, 50)).length).toBe(200_000)
})

test('what holds the pipe open and is silent is waited for no longer than said', async () => {
  expect((await kept('echo whole; sleep 1000 &', 50)).toString()).toBe('whole\n')
})

test('what goes on writing a little is not waited for any longer', async () => {
  const drip = await kept('(echo; while sleep 0.02; do echo; done) & exec true', 200)
  expect(drip.length).toBeLessThan(2 ** 20)
})

test('what goes on writing much is not waited for', async () => {
  expect((await kept('yes & exec true', 60_000)).length).toBeGreaterThan(2 * 2 ** 20 - 1)
})
