/** Programs of a working tree, run on this machine as the product's worker runs them: sealed, by copies of their files. */
import { randomUUID } from 'node:crypto'
import { lstat, mkdtemp, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { gitPath } from '#server/config/git.ts'
import { isProgram, type Printed } from '#server/domain/notebook/program.ts'
import { indexTree, programFiles, type BundleEntry } from '#server/domain/version/bundle.ts'
import { refuseMore, type BundleFile } from '#server/services/version/bundle-files.ts'
import { programFinder } from '#workers/executors/process/host.ts'
import { mostLaidOut, printProgram, usualLimits, type ProgramTools } from '#workers/programs/print-program.ts'
import { strongestSeal } from '#workers/programs/seal.ts'
import { dataOf } from '#workers/programs/sealed-process.ts'
import { warn } from '../print/output.ts'

async function* filesOf(root: string, entries: readonly BundleEntry[]): AsyncGenerator<BundleFile> {
  let bytes = 0
  for (const { path } of entries) {
    const at = join(root, path)
    const found = await lstat(at)
    refuseMore((bytes += found.size), mostLaidOut)
    if (found.isSymbolicLink()) yield { path, mode: '120000', bytes: Buffer.from(await readlink(at)) }
    else if (found.isFile())
      yield { path, mode: (found.mode & 0o100) === 0 ? '100644' : '100755', bytes: await readFile(at) }
  }
}

async function openTools(folder: string): Promise<ProgramTools> {
  const path = [dirname(process.execPath), gitPath()].join(delimiter)
  const scratch = await mkdtemp(join(folder, 'trial-'))
  // It is the caller's own code: under the caller's user id it reads what the caller reads.
  const seal = await strongestSeal({ uid: null, hidden: [], scratch, data: dataOf(usualLimits) }, path)
  if (seal !== 'whole')
    warn(
      'This machine lets programs be sealed only in part: a program of this repository can do what you can (docs/notebook.md, "Programs").',
    )
  return {
    folder,
    seal,
    refusal: null,
    uid: null,
    hidden: [],
    path,
    find: programFinder({ uid: null, path }),
  }
}

/** A signal ends the work first, with all that it began; then this process, by the same signal. */
async function untilSignal<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  let came: NodeJS.Signals | null = null
  const end = (signal: NodeJS.Signals) => {
    came ??= signal
    stop.abort()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, end)
  try {
    return await work(stop.signal)
  } finally {
    for (const signal of signals) process.off(signal, end)
    if (came !== null) process.kill(process.pid, came)
  }
}

type Tree = { root: string; entries: readonly BundleEntry[] }

async function printAll(
  { root, entries }: Tree,
  paths: readonly string[],
  stop: AbortSignal,
): Promise<Map<string, Printed>> {
  const printed = new Map<string, Printed>()
  const index = indexTree(entries)
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-programs-'))
  try {
    const tools = await openTools(folder)
    for (const path of paths) {
      const files = filesOf(root, programFiles(index, path))
      const program = { id: randomUUID(), path, files, limits: usualLimits, stop }
      printed.set(path, await printProgram(tools, program))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return printed
}

/** What each program of the tree prints, by path. */
export async function printPrograms(tree: Tree): Promise<Map<string, Printed>> {
  const paths = tree.entries.map(({ path }) => path).filter(isProgram)
  return paths.length === 0 ? new Map() : untilSignal((stop) => printAll(tree, paths, stop))
}
