/** What starts processes for a worker: what they are, how they end, and what becomes of them when it is ended itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, openSync } from 'node:fs'
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeOptions } from '#cli/setup/machine.mjs'
import { gitPath } from '#server/config/git.ts'
import { sinceBoot } from '#server/config/since-boot.ts'
import { Spawner, type Spawned } from './spawner.ts'

let folder = ''
let spawner: Spawner
let pipes = 0
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-spawner-'))
  spawner = new Spawner(gitPath())
})
afterEach(async () => {
  await spawner.close()
  await rm(folder, { recursive: true, force: true })
})

async function begin(script: string, env: Record<string, string> = {}): Promise<Spawned> {
  const path = join(folder, String(pipes++))
  expect(await spawner.run(['/bin/sh', '-c', 'mkfifo "$1"', 'sh', path])).toEqual({
    code: 0,
    said: '',
  })
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const argv = ['/bin/sh', '-c', script]
  return spawner.start({ argv, cwd: folder, env: { PATH: gitPath(), ...env }, uid: null }, { reading, path })
}

async function said({ output }: Spawned): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of output as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** Pid of the one process that starts others for this test's. */
async function starterOf({ pid }: Spawned): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

const isThere = (pid: number) =>
  access(`/proc/${pid}`).then(
    () => true,
    () => false,
  )

test('a process has its environment, folder and gate; its word and its end are heard', async () => {
  const spawned = await begin('read -r word <&3; echo "$word $PWD"; env | sort; exit 7', { A: 'b=c' })
  spawned.open('go\n')
  const lines = (await said(spawned)).trim().split('\n')
  expect(lines[0]).toBe(`go ${folder}`)
  expect(lines.slice(1).filter((line) => !/^(A|PATH|PWD|OLDPWD|SHLVL|_)=/.test(line))).toEqual([])
  expect(lines).toContain('A=b=c')
  expect(await spawned.exited).toEqual({ code: 7, signal: null })
  // Nobody else can open its pipe.
  expect(await readdir(folder)).toEqual([])
})

test('what cannot be started says why, with the code of the system', async () => {
  await expect(begin('true', { LONG: 'x'.repeat(4 * 2 ** 20) })).rejects.toMatchObject({ code: 'E2BIG' })
  await expect(begin('true', { NUL: 'a\0b' })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  const after = await begin('exit 3')
  expect(await after.exited).toMatchObject({ code: 3 })
})

test('a signal reaches the whole group, and what is left of it goes with its leader', async ({ skip }) => {
  skip(process.platform !== 'linux', 'this machine has no /proc')
  const left = await begin('sleep 600 & echo $!; exit 0')
  const pid = Number(await said(left))
  expect(await left.exited).toMatchObject({ code: 0 })
  await expect.poll(() => isThere(pid), { interval: 5, timeout: 10_000 }).toBe(false)
  const group = await begin('sleep 600 & echo $!; wait')
  group.signal('SIGTERM')
  expect(await group.exited).toEqual({ code: null, signal: 'SIGTERM' })
})

test('a signal to all processes of a service is for the worker: what runs goes on, and its end is heard', async ({
  skip,
}) => {
  skip(process.platform !== 'linux', 'this machine has no /proc')
  const running = await begin('read -r word <&3; exit 5')
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(await starterOf(running), signal)
  running.open('go\n')
  expect(await running.exited).toEqual({ code: 5, signal: null })
})

test('[R1] when it is killed, a shut gate stays shut, nobody knows how what ran ended, and the next start works', async ({
  skip,
}) => {
  skip(process.platform !== 'linux', 'this machine has no /proc')
  const gated = await begin('read -r word <&3 || exit 70; echo started')
  const running = await begin('echo up; exec sleep 600')
  process.kill(await starterOf(gated), 'SIGKILL')
  expect(await Promise.all([gated.exited, running.exited])).toEqual([null, null])
  gated.open('go\n')
  expect(await said(gated)).toBe('')
  process.kill(-running.pid, 'SIGKILL')
  expect(await said(running)).toBe('up\n')
  const next = await begin('echo again')
  expect(await said(next)).toBe('again\n')
})

test('[R7] one that stands still is ended within its bound: nobody knows how what ran ended, and the next start works', async ({
  skip,
}) => {
  skip(process.platform !== 'linux', 'this machine has no /proc')
  await spawner.close()
  spawner = new Spawner(gitPath(), 500)
  const gated = await begin('read -r word <&3 || exit 70; echo started')
  const running = await begin('echo up; exec sleep 600')
  const starter = await starterOf(gated)
  process.kill(starter, 'SIGSTOP')
  // Said to one that does not hear it: what it would let start does not start.
  gated.open('go\n')
  const asked = begin('echo never')
  expect(await Promise.all([gated.exited, running.exited])).toEqual([null, null])
  await expect(asked).rejects.toThrow('stood still')
  expect(await isThere(starter)).toBe(false)
  expect(await said(gated)).toBe('')
  process.kill(-running.pid, 'SIGKILL')
  expect(await said(running)).toBe('up\n')
  const next = await begin('echo again')
  expect(await said(next)).toBe('again\n')
})

test('[R1] a gate that is let open too late lets nothing start, and nobody says how that ended', async () => {
  const late = await begin('read -r word <&3 || exit 0; echo started')
  late.open('go\n', sinceBoot() - 100)
  expect(await said(late)).toBe('')
  expect(await late.exited).toBe(null)
  const timely = await begin('read -r word <&3 || exit 70; echo started')
  timely.open('go\n', sinceBoot() + 60_000)
  expect(await said(timely)).toBe('started\n')
  expect(await timely.exited).toEqual({ code: 0, signal: null })
})

test('a process that waits for one to start does not end for want of other work', async () => {
  const program = `const { Spawner } = await import(${JSON.stringify(join(import.meta.dirname, 'spawner.ts'))})
    const { code } = await new Spawner('/bin').run(['/bin/sh', '-c', 'exit 7'])
    process.stdout.write(String(code))`
  const child = spawn(process.execPath, [...nodeOptions, '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(out).toBe('7')
})
