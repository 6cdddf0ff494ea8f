/** A program in a checkout of its own, run sealed: what it printed, or one fault. */
import { randomUUID } from 'node:crypto'
import { mkdir, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { faultOf } from '#server/domain/notebook/fault.ts'
import {
  interpreterOf,
  verdictOf,
  type Printed,
  type ProgramLimits,
} from '#server/domain/notebook/program.ts'
import type { BundleFile } from '#server/services/version/bundle-files.ts'
import { removeFolder } from '../executors/process/attempt-folder.ts'
import { layOut } from '../executors/process/lay-out.ts'
import { handOver } from '../executors/process/host.ts'
import { runSealed } from './sealed-process.ts'
import type { Seal } from './seal.ts'

/** Of a program of a commit; one that is still being typed has less time. */
export const usualLimits: ProgramLimits = { seconds: 20, memory: 512, output: 2 }

/** Bytes of all files that are laid out for one program. */
export const mostLaidOut = 256 * 2 ** 20

export interface ProgramTools {
  /** Where checkouts are made; the user of programs may pass through it. */
  folder: string
  seal: Seal
  /** What is said of each program where none may run; null: they may. */
  refusal: string | null
  uid: number | null
  hidden: readonly string[]
  /** Search path of programs. */
  path: string
  find: (program: string) => Promise<string | null>
}

export interface Program {
  /** Marks its processes. */
  id: string
  /** Repository path. */
  path: string
  files: AsyncIterable<BundleFile>
  limits: ProgramLimits
  stop?: AbortSignal
}

/** The same for every run: nothing of the product's environment, nothing that depends on when or where. */
const environment = (path: string, scratch: string): Record<string, string> => ({
  PATH: path,
  HOME: scratch,
  TMPDIR: scratch,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  PYTHONHASHSEED: '0',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONIOENCODING: 'utf-8',
})

const argvOf = (path: string, { memory }: ProgramLimits): string[] => {
  const file = `./${basename(path)}`
  if (interpreterOf(path) === 'python3') return ['python3', '-u', file]
  return ['node', '--disable-warning=ExperimentalWarning', `--max-old-space-size=${memory}`, file]
}

const failed = (path: string, message: string): Printed => ({ fault: faultOf(path, message) })

const missing = (path: string): Printed =>
  failed(
    path,
    `this program needs ${interpreterOf(path)}, which is not on the search path of the machine that runs programs: install it there, or write the program as .dag.ts, which runs with Dagbok's own Node`,
  )

/** Files that cannot be laid out by their author's doing; all else is ours. */
const isTheirs = (error: unknown): error is DagbokError =>
  error instanceof DagbokError && (error.code === 'bad_input' || error.code === 'too_large')

/** @throws when it cannot be laid out or started, or is stopped: that is nobody's fault who wrote it */
export async function printProgram(tools: ProgramTools, program: Program): Promise<Printed> {
  const { path, id, limits } = program
  if (tools.refusal !== null) return failed(path, tools.refusal)
  if ((await tools.find(interpreterOf(path))) === null) return missing(path)
  const folder = join(await realpath(tools.folder), `program-${randomUUID()}`)
  const [checkout, scratch] = [join(folder, 'checkout'), join(folder, 'scratch')]
  const files = new Set<string>()
  async function* noted() {
    for await (const file of program.files) {
      program.stop?.throwIfAborted()
      files.add(file.path)
      yield file
    }
  }
  try {
    await mkdir(folder, { mode: 0o700 })
    await mkdir(scratch)
    await layOut(checkout, noted())
    await handOver(tools, folder)
    const { seal, uid, hidden } = tools
    const end = await runSealed({
      id,
      argv: argvOf(path, limits),
      cwd: dirname(join(checkout, path)),
      env: environment(tools.path, scratch),
      sealing: { seal, uid, hidden, scratch },
      limits,
      ...(program.stop === undefined ? {} : { stop: program.stop }),
    })
    return verdictOf(path, end, limits, { folder: checkout, files })
  } catch (error) {
    if (isTheirs(error)) return failed(path, `this program cannot be run: ${error.message}`)
    throw error
  } finally {
    await removeFolder(folder)
  }
}
