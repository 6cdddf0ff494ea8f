/**
 * From the start gate to the first byte that a script prints: an interpreter of its own beside one from the store,
 * alternating; and forty scripts one after the other. `node bench/warm-starts.ts [PAIRS]`
 */
import { randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gitPath } from '#server/config/git.ts'
import { openHost, type Host } from '#workers/executors/process/host.ts'
import { startBehindGate, type TaskProcess } from '#workers/executors/process/task-process.ts'
import { WarmStarts, type WarmLanguage } from '#workers/executors/process/warm/warm-starts.ts'

const scripts: { language: WarmLanguage; argv: string[]; path: string; text: string }[] = [
  { language: 'javascript', argv: ['node'], path: './s.js', text: 'console.log(1)\n' },
  {
    language: 'javascript',
    argv: ['node'],
    path: './m.mjs',
    text: 'import fs from "node:fs"\nconsole.log(1)\n',
  },
  {
    language: 'typescript',
    argv: ['node', '--disable-warning=ExperimentalWarning'],
    path: './t.ts',
    text: 'const n: number = 1\nconsole.log(n)\n',
  },
  { language: 'python', argv: ['python3', '-u'], path: './s.py', text: 'print(1)\n' },
]
const inRow = 40

const median = (all: number[]) => all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN
const shown = (all: number[]) => `${median(all).toFixed(1)} ms`

async function makePlace(host: Host, folder: string) {
  const cwd = join(folder, 'scripts')
  await mkdir(cwd)
  for (const { path, text } of scripts) await writeFile(join(cwd, path), text)
  if (host.uid !== null) await chown(cwd, host.uid, host.uid)
  return () => {
    const id = randomUUID()
    return { id, cwd, env: { LANG: 'C.UTF-8', PATH: host.path, HOME: cwd, DAGBOK_ATTEMPT_ID: id } }
  }
}

/** ms from the word to the first byte; resolves when it has ended. */
async function toFirstByte(running: TaskProcess): Promise<number> {
  const start = performance.now()
  running.open()
  let first = NaN
  for await (const part of running.output as AsyncIterable<Buffer>)
    if (Number.isNaN(first) && part.length > 0) first = performance.now() - start
  const end = await running.exited
  if (end?.code !== 0) throw new Error(`a script ended with ${end?.code}`)
  return first
}

const pairs = Number(process.argv[2] ?? 30)
const root = process.getuid?.() === 0 ? '/var/lib/dagbok' : tmpdir()
await mkdir(root, { recursive: true })
const folder = await mkdtemp(join(root, 'bench-warm-'))
await chmod(folder, 0o711)
const host = await openHost(folder, gitPath())
const warm = new WarmStarts(host)
// Nothing else keeps this process: what starts others does not.
const work = setInterval(() => {}, 2 ** 30)
try {
  const place = await makePlace(host, folder)
  for (const { language, argv, path } of scripts) {
    const own = () => {
      const { cwd, env } = place()
      return startBehindGate(host, cwd, [...argv, path], env)
    }
    const kept = () => warm.take({ language, path, args: [] }, place())
    const settled = async () => {
      for (let taken = kept(); ; taken = kept()) {
        if (taken !== null) return taken
        await new Promise((done) => setTimeout(done, 100))
      }
    }
    const [cold, stored]: [number[], number[]] = [[], []]
    for (let i = 0; i < pairs; i++) {
      cold.push(await toFirstByte(await own()))
      const taken = await settled()
      // What fills the store again is not part of what is measured here; the row below has it.
      await new Promise((done) => setTimeout(done, 400))
      stored.push(await toFirstByte(taken))
    }
    const rows: [number[], number[]] = [[], []]
    for (let i = 0; i < 5; i++)
      for (const [n, start] of [own, async () => kept() ?? own()].entries()) {
        const begun = performance.now()
        for (let k = 0; k < inRow; k++) await toFirstByte(await start())
        rows[n]?.push((performance.now() - begun) / inRow)
      }
    console.log(
      `${language} ${path}: gate to first byte ${shown(cold)} by itself, ${shown(stored)} from the store`,
    )
    console.log(`  ${inRow} in a row, each ${shown(rows[0])} by itself, ${shown(rows[1])} with the store`)
  }
} finally {
  await warm.close()
  await host.spawner.close()
  await rm(folder, { recursive: true, force: true })
  clearInterval(work)
}
