/** SIGKILL at every stage of a push (R10, R11): named stages by failpoints, git's own programs and the server at random times. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { trials } from '#server/config/trials.ts'
import { HostedRepositories } from '#server/git/hosted.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { smallDag, workTree, type WorkTree } from '#server/testing/hosted.ts'
import { asOwner } from '#workers/testing/as-owner.ts'
import { fsck, GitServer, gitPrograms, leftBehind, push, type Told } from './git-server.ts'
import { randomFrom } from './random.ts'
import { look, type Shown } from './shown-versions.ts'
import { endThem } from './survivors.ts'
import { pause } from './until.ts'

const stages = [
  'push.check.before',
  'push.check.after-effect-before-record',
  'push.check.after-record',
  'push.reconcile.before',
  'push.pin.after-effect-before-record',
  'push.reconcile.after-effect-before-record',
  'push.reconcile.after-record',
  // Before the first of two refs has moved, and between them.
  'receive-pack',
  'pre-receive',
  'http-backend',
  'server',
  'everything',
] as const

interface Trial {
  seed: number
  stage: (typeof stages)[number]
  /** Full names, one or two. */
  refs: string[]
  run: boolean
  /** ms after the push began, where no failpoint says when. */
  delay: number
}

/** A trial is its seed alone: a failing one is made again by that. */
function trialOf(seed: number): Trial {
  const next = randomFrom(seed)
  const stage = stages[seed % stages.length] ?? 'server'
  const refs = [`refs/heads/t${seed % 5}`, ...(next(3) === 0 ? [`refs/heads/u${seed % 5}`] : [])]
  return { seed, stage, refs, run: next(2) === 0, delay: next(250) }
}

const { database, url } = testDatabase()
let folder = ''
let token = ''
let server: GitServer
let tree: WorkTree
let repository = { id: '', path: '' }
let teamId = ''
let ctx: ServiceContext

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-push-'))
  const { userId } = await ensureFirstOwner(database(), { team: 'main', user: 'O', email: 'o@localhost' })
  token = (await createToken(database(), userId, 'tests', null)).secret
  server = new GitServer(url(), folder)
  await server.start([])
  tree = await workTree(join(folder, 'work'), folder)
  await tree.git('init', '-q', '-b', 'main')
  await tree.write({ 'a/a.dag.md': smallDag('a', 'first') })
  const first = await tree.commit('First')
  await tree.git('push', '-q', server.address(token, 'trials'), 'main')
  const id = (await findRepository(database(), 'main', 'trials'))?.id ?? ''
  const repositories = new HostedRepositories(join(folder, 'repositories'))
  repository = { id, path: repositories.path(id) }
  const [services, owner] = await asOwner(database())
  ctx = { ...services, repositories }
  teamId = owner.teams[0]?.id ?? ''
  shown.push(await look(ctx, teamId, first))
})
afterAll(async () => {
  await server.kill()
  endThem(await gitPrograms(repository.path))
  await rm(folder, { recursive: true, force: true })
})

const named = (stage: string) => stage.startsWith('push.')

async function refsNow(): Promise<Map<string, string>> {
  const text = await tree.git(
    `--git-dir=${repository.path}`,
    'for-each-ref',
    '--format=%(refname) %(objectname)',
    'refs/heads',
  )
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ') as [string, string]),
  )
}

async function rowsNow(): Promise<Map<string, string>> {
  const rows = await database().client<{ name: string; sha: string }[]>`
    select name, sha from git_ref where repository_id = ${repository.id}`
  return new Map(rows.map((row) => [row.name, row.sha]))
}

const count = async (rows: PromiseLike<{ n: number }[]>) => (await rows)[0]?.n ?? 0
const versionsOf = (sha: string) =>
  count(database().client<{ n: number }[]>`select count(*)::int n from version_commit where sha = ${sha}`)
const runsOf = (sha: string) =>
  count(database().client<{ n: number }[]>`
    select count(*)::int n from run r join version v on v.id = r.version_id where v.commit_sha = ${sha}`)
const openPushes = () =>
  count(database().client<{ n: number }[]>`
    select count(*)::int n from push where repository_id = ${repository.id} and state = 'checked'`)

/** Kills git's own programs of this push, once one of them is there; false when none came any more. */
async function killPrograms(pattern: RegExp, over: () => boolean): Promise<boolean> {
  while (!over()) {
    const found = (await gitPrograms(repository.path)).filter(({ command }) => pattern.test(command))
    endThem(found)
    if (found.length > 0) return true
  }
  return false
}

const patterns: Record<string, RegExp> = {
  'receive-pack': /receive-pack/,
  'pre-receive': /hooks\/pre-receive/,
  'http-backend': /http-backend/,
}

/** Pushes and strikes. Gives what the client was told. */
async function strike(trial: Trial, args: string[]): Promise<Told> {
  let over = false
  const { told } = push(tree.path, folder, args)
  void told.then(() => (over = true))
  const pattern = patterns[trial.stage]
  if (!named(trial.stage)) await pause(trial.delay)
  if (pattern !== undefined) await killPrograms(pattern, () => over)
  else if (trial.stage === 'server') await server.kill()
  else if (trial.stage === 'everything') {
    await server.kill()
    endThem(await gitPrograms(repository.path))
  }
  return told
}

/** Versions as they were when they were first shown. */
const shown: Shown[] = []

/** What was shown is as it was (R11): the last three, and three of all. */
async function keepsWhatWasShown(say: string, next: (below: number) => number): Promise<void> {
  const some = Array.from({ length: 3 }, () => shown[next(Math.max(1, shown.length))])
  for (const one of [...shown.slice(-3), ...some]) {
    if (one === undefined) continue
    expect(await look(ctx, teamId, one.sha), `${say}: v${one.number}`).toEqual(one)
    expect(one.hashes[1]).toBe(one.hashes[0])
  }
}

/**
 * Waits until rows and refs agree: what is left then is told. 5 s are promised; a machine that runs other tests beside this
 * one needs more for the start of a compile thread alone.
 */
async function settled(): Promise<{ refs: Map<string, string>; faults: string[] }> {
  for (const end = Date.now() + 30_000; ; await pause(50)) {
    const [refs, rows, left] = [await refsNow(), await rowsNow(), await leftBehind(repository.path)]
    const faults = [
      ...[...refs]
        .filter(([ref, sha]) => rows.get(ref) !== sha)
        .map(([ref]) => `${ref} moved, and has no rows`),
      ...[...rows.keys()].filter((ref) => !refs.has(ref)).map((ref) => `${ref} has rows, and is not there`),
      ...left,
    ]
    if (faults.length === 0 || Date.now() > end) return { refs, faults }
  }
}

/** Refs that the client was told have moved. */
const toldMoved = ({ said }: Told): string[] =>
  said.split('\n').flatMap((line) => /^[ +*=]\t[^:]*:(\S+)\t/.exec(line)?.[1] ?? [])

async function carryOut(trial: Trial, next: readonly string[]): Promise<void> {
  const say = `seed ${trial.seed} at ${trial.stage}, ${trial.refs.length} refs${trial.run ? ', run' : ''}`
  await tree.write({ 'a/a.dag.md': smallDag('a', `trial-${trial.seed}`) })
  const sha = await tree.commit(`Trial ${trial.seed}`)
  const options = trial.run ? ['-o', 'run'] : []
  const args = () => [
    ...options,
    '--force',
    server.address(token, 'trials'),
    ...trial.refs.map((ref) => `HEAD:${ref}`),
  ]
  const told = await strike(trial, args())
  const struck = !named(trial.stage) || (await server.died())
  expect(struck, `${say}: the failpoint was not reached\n${told.said}`).toBe(true)
  // A server that lives must mend it by itself; a dead one at its next start.
  if (server.dead) await server.start(next)
  const { refs, faults } = await settled()
  expect([...faults, ...(await fsck(repository.path))], say).toEqual([])
  await keepsWhatWasShown(say, randomFrom(trial.seed))
  const moved = trial.refs.filter((ref) => refs.get(ref) === sha)
  expect(
    toldMoved(told).filter((ref) => trial.refs.includes(ref) && !moved.includes(ref)),
    `${say}\n${told.said}`,
  ).toEqual([])
  expect(await versionsOf(sha), say).toBe(moved.length > 0 ? 1 : 0)
  expect(await runsOf(sha), `${say}: runs\n${told.said}`).toBe(moved.length > 0 && trial.run ? 1 : 0)
  // The next push works, and carries out what the first one did not.
  const again = await push(tree.path, folder, args()).told
  expect(again.ok, `${say}: the next push\n${again.said}`).toBe(true)
  const after = await settled()
  expect(after.faults, say).toEqual([])
  expect(
    trial.refs.map((ref) => after.refs.get(ref)),
    say,
  ).toEqual(trial.refs.map(() => sha))
  expect(await versionsOf(sha), `${say}: versions after the next push\n${again.said}`).toBe(1)
  shown.push(await look(ctx, teamId, sha))
  const partial = moved.length > 0 && moved.length < trial.refs.length
  expect(await runsOf(sha), `${say}: runs after the next push`).toBe(trial.run ? (partial ? 2 : 1) : 0)
  expect(await openPushes(), say).toBe(0)
  if (!server.dead && next.length > 0) {
    await server.stop()
    await server.start(next)
  }
}

test('[R10] [R11] a push that is killed at any stage is all or nothing, its run happens once, and no version changes', async () => {
  const { count, seed } = trials(60)
  const list = Array.from({ length: count }, (_, i) => trialOf(seed + i))
  const armed = (trial: Trial | undefined) =>
    trial !== undefined && named(trial.stage) ? [`${trial.stage}@${trial.refs[0]}=kill`] : []
  await server.stop()
  await server.start(armed(list[0]))
  for (const [i, trial] of list.entries()) await carryOut(trial, armed(list[i + 1]))
  for (const one of shown) expect(await look(ctx, teamId, one.sha)).toEqual(one)
  expect(shown.map(({ number }) => number)).toEqual(Array.from({ length: count + 1 }, (_, i) => i + 1))
  expect(await openPushes()).toBe(0)
}, 14_400_000)
