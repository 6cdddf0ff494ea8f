import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeCgroup } from './cgroup.ts'
import { UsageMeter } from './usage-meter.ts'

/** A process behind a gate, whose child fills 64 MB and works for 0.4 s of processor time, and is waited for. */
async function measured(cgroupOf: (pid: number) => Promise<string | null> | null) {
  const work =
    'const held = Buffer.alloc(2 ** 26, 1); const used = () => { const { user, system } = process.cpuUsage(); return user + system }; while (used() < 4e5) held[0]++'
  const child = spawn('/bin/sh', ['-c', 'read go; "$0" -e "$1"; exit 0', process.execPath, work], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const pid = child.pid ?? 0
  const cgroup = await cgroupOf(pid)
  const seen: number[] = []
  const meter = new UsageMeter(pid, (bytes) => seen.push(bytes), cgroup)
  child.stdin.end('go\n')
  meter.start()
  await once(child, 'exit')
  meter.stop()
  return { ...meter.usage, seen, cgroup }
}

test('processor time and memory of a child are counted, by looking at /proc alone', async ({ skip }) => {
  skip(!existsSync('/proc/self/stat'), 'this machine has no /proc')
  const { cpuSeconds, memoryPeak, seen } = await measured(() => null)
  expect(cpuSeconds).toBeGreaterThan(0.1)
  expect(cpuSeconds).toBeLessThan(2)
  expect(memoryPeak).toBeGreaterThan(2 ** 26)
  expect(seen.length).toBeGreaterThan(2)
})

test('in a cgroup no processor time is missed, and the cgroup is gone afterwards', async ({ skip }) => {
  const { cpuSeconds, memoryPeak, cgroup } = await measured((pid) => makeCgroup(randomUUID(), pid))
  skip(cgroup === null, 'no cgroup can be made here')
  expect(cpuSeconds).toBeGreaterThan(0.4)
  expect(memoryPeak).toBeGreaterThan(2 ** 26)
  await expect.poll(() => existsSync(cgroup ?? ''), { interval: 5, timeout: 10_000 }).toBe(false)
})
