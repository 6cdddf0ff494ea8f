import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder = ''

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'bench-ending-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A bench with a child that would outlive it, ended by `signal` once it says that it waits. */
async function ended(signal: NodeJS.Signals): Promise<{ code: number | null; said: string; child: number }> {
  const script = join(folder, 'bench.ts')
  await writeFile(
    script,
    `import { spawn } from 'node:child_process'
     import { writeSync } from 'node:fs'
     import { atExit, endNow, exitOnSignals } from ${JSON.stringify(join(import.meta.dirname, 'ending.ts'))}
     exitOnSignals()
     atExit(() => writeSync(1, 'first '))
     const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
     atExit(() => endNow(child.pid, 'SIGKILL'))
     atExit(() => { throw new Error('gone already') })
     atExit(() => writeSync(1, 'last '))()
     atExit(() => writeSync(1, 'second '))
     writeSync(1, child.pid + ' ')
     setInterval(() => {}, 1000)`,
  )
  const bench = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  bench.stdout.on('data', (chunk: Buffer) => {
    if (said === '') bench.kill(signal)
    said += chunk.toString()
  })
  const [code] = (await once(bench, 'close')) as [number | null]
  const [child = '', ...rest] = said.split(' ')
  return { code, said: rest.join(' ').trim(), child: Number(child) }
}

/** A process that has ended may still have its number for a moment, as a zombie. */
const isRunning = async (pid: number): Promise<boolean> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat !== null && !stat.includes(') Z ')
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  '%s ends what was started, the last first, but not what was forgotten',
  async (signal, expected) => {
    const { code, said, child } = await ended(signal)
    expect({ code, said }).toEqual({ code: expected, said: 'second first' })
    expect(child).toBeGreaterThan(1)
    expect(await isRunning(child)).toBe(false)
  },
)
