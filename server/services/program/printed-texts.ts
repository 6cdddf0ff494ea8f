/** What the programs of a commit print: known, or run by a worker while somebody waits (N9). */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Queryable } from '#db/client.ts'
import { wakeProgramRunner } from '#db/queries/live.ts'
import {
  askProgram,
  keepPrograms,
  openPrograms,
  printedPrograms,
  prolongPrograms,
  type AskedProgram,
} from '#db/queries/program.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { faultOf } from '../../domain/notebook/fault.ts'
import { isProgram, type Printed } from '../../domain/notebook/program.ts'
import {
  bundleList,
  filesBeside,
  indexTree,
  programFiles,
  type BundleEntry,
} from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { ServiceContext } from '../context.ts'

/** ms that a push waits for all its programs together. */
const patience = 30_000
/** Seconds after the last word of who waits that a program is still begun. */
const wanted = 5
/** ms between two words of who waits. */
const tellMs = 1000
/** ms between two looks: short at first. */
const looks = [10, 20, 40, 80]

/** Programs of a commit, and the files that they read, a file once for each that reads it. */
const most = { programs: 200, files: 2_000_000 }

export interface ProgramSource {
  repositoryId: string
  /** Files of the commit. */
  entries: readonly BundleEntry[]
  quarantine?: Quarantine | null
}

/** Programs that a ref holds and nobody has run: whoever holds no lock runs them with `runPrograms`. */
export class NotRunYet extends Error {
  readonly source: ProgramSource

  constructor(source: ProgramSource) {
    super('a program of this commit was not run yet')
    this.source = source
  }
}

type Asked = Pick<AskedProgram, 'hash' | 'path' | 'files'>

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** @throws DagbokError `too_large` */
function programsOf({ entries }: ProgramSource): Asked[] {
  const paths = entries.map(({ path }) => path).filter(isProgram)
  if (paths.length === 0) return []
  const tree = indexTree(entries)
  const files = paths.reduce((sum, path) => sum + filesBeside(tree, path).length + 1, 0)
  if (paths.length > most.programs || files > most.files)
    throw new DagbokError(
      'too_large',
      `This commit has ${paths.length} programs that read ${files} files, a file once for each that reads it: at most ${most.programs} programs and ${most.files} files are taken.`,
    )
  const folders = new Map<readonly BundleEntry[], string>()
  return paths.flatMap((path) => {
    const [beside, own] = [filesBeside(tree, path), tree.entries.get(path)]
    if (own === undefined) return []
    const known = folders.get(beside) ?? sha256(bundleList('', beside))
    folders.set(beside, known)
    return [
      { path, files: programFiles(tree, path), hash: sha256([path, own.mode, own.blob, known].join('\0')) },
    ]
  })
}

const byPath = (asked: readonly Asked[], came: ReadonlyMap<string, Printed>): Map<string, Printed> =>
  new Map(
    asked.flatMap(({ path, hash }): [string, Printed][] => {
      const text = came.get(hash)
      return text === undefined ? [] : [[path, text]]
    }),
  )

async function until(
  ctx: ServiceContext,
  repositoryId: string,
  asked: readonly Asked[],
  patienceMs: number,
): Promise<void> {
  const hashes = asked.map(({ hash }) => hash)
  const last = performance.now() + patienceMs
  let told = performance.now()
  for (let look = 0; ; look++) {
    if (performance.now() - told > tellMs) {
      told = performance.now()
      await prolongPrograms(ctx.db, repositoryId, hashes, wanted)
    }
    const open = await openPrograms(ctx.db, repositoryId, hashes)
    if (open.length === 0) return
    if (performance.now() > last) {
      const paths = asked.filter(({ hash }) => open.includes(hash)).map(({ path }) => path)
      throw new DagbokError(
        'unavailable',
        `${paths.join(', ')} could not be run within ${patienceMs / 1000} s: the worker is busy, is not there, or failed at it, as its log says. Nothing was changed: try again.`,
      )
    }
    await sleep(looks[Math.min(look, looks.length - 1)])
  }
}

/**
 * Runs the programs of a commit that were not run yet, and waits for what they print. `again`: those that failed, too.
 * @throws DagbokError `unavailable` when no worker does it in time
 */
export async function runPrograms(
  ctx: ServiceContext,
  source: ProgramSource,
  again: boolean,
  patienceMs = patience,
): Promise<Map<string, Printed>> {
  const { repositoryId, quarantine = null } = source
  const asked = programsOf(source)
  return run(
    ctx,
    repositoryId,
    asked.map((one) => ({ ...one, draft: null, quarantine })),
    again,
    patienceMs,
  )
}

async function run(
  ctx: ServiceContext,
  repositoryId: string,
  asked: readonly AskedProgram[],
  again: boolean,
  patienceMs = patience,
): Promise<Map<string, Printed>> {
  if (asked.length === 0) return new Map()
  const hashes = asked.map(({ hash }) => hash)
  const known = await printedPrograms(ctx.db, repositoryId, hashes)
  const open = asked.filter(({ hash }) => {
    const came = known.get(hash)
    return came === undefined || (again && 'fault' in came)
  })
  if (open.length === 0) return byPath(asked, known)
  for (const one of open) await askProgram(ctx.db, repositoryId, one, { seconds: wanted, again })
  await wakeProgramRunner(ctx.db)
  await until(ctx, repositoryId, open, patienceMs)
  return byPath(asked, await printedPrograms(ctx.db, repositoryId, hashes))
}

/** What the programs of a commit that a ref holds have printed; from now on that is kept. @throws NotRunYet */
export async function keptTexts(q: Queryable, source: ProgramSource): Promise<Map<string, Printed>> {
  const asked = programsOf(source)
  if (asked.length === 0) return new Map()
  const hashes = asked.map(({ hash }) => hash)
  const known = await printedPrograms(q, source.repositoryId, hashes)
  if (asked.some(({ hash }) => !known.has(hash))) throw new NotRunYet(source)
  await keepPrograms(q, source.repositoryId, hashes)
  return byPath(asked, known)
}

/** git's name of a text. */
export const blobOf = (text: string): string =>
  createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex')

const notRun = (path: string): Printed => ({ fault: faultOf(path, 'this program was not run yet') })

/**
 * The same beside a text that is being edited: the program at `edited.path` is run as it stands there, once per text; of
 * the others it is said what is known.
 */
export async function textsBeside(
  ctx: ServiceContext,
  source: ProgramSource,
  edited: { path: string; text: string },
): Promise<Map<string, Printed>> {
  const { repositoryId } = source
  const asked = programsOf(source)
  const known = await printedPrograms(
    ctx.db,
    repositoryId,
    asked.map(({ hash }) => hash),
  )
  const texts = new Map(asked.map(({ path, hash }) => [path, known.get(hash) ?? notRun(path)]))
  const own = asked.find(({ path }) => path === edited.path)
  if (own === undefined) return texts
  const [[, printed] = [own.path, notRun(own.path)]] = await run(
    ctx,
    repositoryId,
    [{ ...own, draft: edited.text, quarantine: null }],
    false,
  )
  return texts.set(own.path, printed)
}
